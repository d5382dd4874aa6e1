using System.Net;
using System.Net.Sockets;
using System.Text;
using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

/// <summary>Replies that are no HTTP: the client's own message of them quotes what came.</summary>
public sealed class ChannelProtocolTests
{
    [Theory]
    [InlineData("@\r\n\r\n")]
    [InlineData("HTTP/1.1 @\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\n@\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: @\r\n\r\n{}")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n@\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}@")]
    public async Task Ask_ReplyIsNoHttp_IsUnavailableInWordsOfOurs(string format)
    {
        var token = Canaries.New("openrouter-key");
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await using var bench = await ChannelBench.StartAsync($"http://{listener.LocalEndpoint}");

        var asking = bench.AskAsync(UsageChannels.OpenRouter, token);
        using var connection = await listener.AcceptSocketAsync(Timeouts.Token);
        await connection.ReceiveAsync(new byte[4096], Timeouts.Token);
        await connection.SendAsync(Encoding.ASCII.GetBytes(format.Replace("@", token, StringComparison.Ordinal)), Timeouts.Token);
        connection.Shutdown(SocketShutdown.Send);

        Assert.Equal(UsageVerdict.Unavailable, (await asking).Verdict);
    }
}
