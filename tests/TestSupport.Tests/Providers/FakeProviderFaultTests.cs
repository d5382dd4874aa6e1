using System.Net.Sockets;
using System.Text;

namespace Trinity.TestSupport.Tests.Providers;

/// <summary>Faults are looked at from a bare socket, where FIN and RST can be told apart.</summary>
public sealed class FakeProviderFaultTests
{
    [Fact]
    public async Task ResetBeforeHead_ClientSeesReset()
    {
        var (text, error) = await ExchangeAsync(FakeReply.ResetBeforeHead());

        Assert.Equal("", text);
        Assert.Equal(SocketError.ConnectionReset, error);
    }

    [Fact]
    public async Task CloseBeforeHead_ClientSeesEnd()
    {
        var (text, error) = await ExchangeAsync(FakeReply.CloseBeforeHead());

        Assert.Equal("", text);
        Assert.Null(error);
    }

    [Fact]
    public async Task ResetAfterBytes_ClientSeesExactlyThoseBytesThenReset()
    {
        var (text, error) = await ExchangeAsync(FakeReply.Sse("data: one\n\n", "data: two\n\n").ResetAfter(15));

        Assert.EndsWith("\r\n\r\nb\r\ndata: one\n\n\r\nb\r\ndata", text, StringComparison.Ordinal);
        Assert.Equal(SocketError.ConnectionReset, error);
    }

    [Fact]
    public async Task TruncatedStream_ClientSeesAllFramesButNoLastChunk()
    {
        var (text, error) = await ExchangeAsync(FakeReply.Sse("data: one\n\n").TruncatedAfter());

        Assert.StartsWith("HTTP/1.1 200 OK\r\n", text, StringComparison.Ordinal);
        Assert.EndsWith("data: one\n\n\r\n", text, StringComparison.Ordinal);
        Assert.Null(error);
    }

    [Fact]
    public async Task TruncatedJson_AnnouncesTheFullLength()
    {
        var (text, error) = await ExchangeAsync(FakeReply.Json(200, """{"a":1}""").TruncatedAfter(3));

        Assert.Contains("Content-Length: 7\r\n", text, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n{\"a", text, StringComparison.Ordinal);
        Assert.Null(error);
    }

    [Fact]
    public async Task Fault_IsNotTakenForAClientThatLeft()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("GET", "/", FakeReply.ResetBeforeHead());
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);

        await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("/", UriKind.Relative), Timeouts.Token));

        var request = await fake.WhenReceivedAsync();
        await request.Completed.WaitAsync(Timeouts.Token);
        Assert.False(request.Aborted.IsCompleted);
    }

    private static async Task<(string Text, SocketError? Error)> ExchangeAsync(FakeReply reply)
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("GET", "/", reply);
        using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        await socket.ConnectAsync("127.0.0.1", fake.Port, Timeouts.Token);
        await socket.SendAsync("GET / HTTP/1.1\r\nHost: fake\r\n\r\n"u8.ToArray(), SocketFlags.None, Timeouts.Token);
        var text = new StringBuilder();
        var buffer = new byte[4096];
        try
        {
            while (await socket.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, Timeouts.Token) is > 0 and var count)
            {
                text.Append(Encoding.UTF8.GetString(buffer, 0, count));
            }

            return (text.ToString(), null);
        }
        catch (SocketException exception)
        {
            return (text.ToString(), exception.SocketErrorCode);
        }
    }
}
