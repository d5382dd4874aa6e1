using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Trinity.TestSupport.Tests.Network;

public sealed class TcpFaultProxyTests : IAsyncLifetime
{
    private readonly TcpListener _target = new(IPAddress.Loopback, 0);
    private readonly TcpClient _client = new();
    private TcpFaultProxy _proxy = null!;
    private Socket _server = null!;

    public async ValueTask InitializeAsync()
    {
        _target.Start();
        _proxy = new TcpFaultProxy(((IPEndPoint)_target.LocalEndpoint).Port);
        await _client.ConnectAsync("127.0.0.1", _proxy.Port, Timeouts.Token);
        _server = await _target.AcceptSocketAsync(Timeouts.Token);
    }

    public async ValueTask DisposeAsync()
    {
        _client.Dispose();
        _server.Dispose();
        _target.Dispose();
        await _proxy.DisposeAsync();
    }

    [Fact]
    public async Task NoFault_BytesAndEndsPassBothWays()
    {
        await SendAsync(_client.Client, "ping");
        Assert.Equal("ping", await ReadAsync(_server, 4));
        await SendAsync(_server, "pong");
        Assert.Equal("pong", await ReadAsync(_client.Client, 4));

        _client.Client.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await ReadAsync(_server, 1));
        await SendAsync(_server, "still");
        Assert.Equal("still", await ReadAsync(_client.Client, 5)); // half-closed, not closed
        _server.Shutdown(SocketShutdown.Send);
        Assert.Equal("", await ReadAsync(_client.Client, 1));
        await _proxy.WhenOpenConnectionsAsync(0);
    }

    [Fact]
    public async Task Blackhole_HoldsBytesUntilItIsLifted()
    {
        _proxy.Fault = TcpFault.Blackhole;
        await SendAsync(_server, "held");
        var pending = ReadAsync(_client.Client, 4);
        await SendAsync(_client.Client, "up");
        await Assert.ThrowsAsync<TimeoutException>(() => pending.WaitAsync(TimeSpan.FromMilliseconds(100))); // ample for loopback
        Assert.Equal(0, _server.Available);

        _proxy.Fault = TcpFault.None;

        Assert.Equal("held", await pending);
        Assert.Equal("up", await ReadAsync(_server, 2));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task CutAfterBytes_ClientSeesExactlyThose(bool reset)
    {
        _proxy.Fault = reset ? TcpFault.ResetAfter(5) : TcpFault.CutAfter(5);
        await SendAsync(_server, "0123456789");

        Assert.Equal("01234", await ReadAsync(_client.Client, 5));
        if (reset)
        {
            var exception = await Assert.ThrowsAsync<SocketException>(() => ReadAsync(_client.Client, 1));
            Assert.Equal(SocketError.ConnectionReset, exception.SocketErrorCode);
        }
        else
        {
            Assert.Equal("", await ReadAsync(_client.Client, 1));
        }
    }

    [Fact]
    public async Task Reset_CutsIdleConnections_AndNewOnes()
    {
        var idle = ReadAsync(_client.Client, 1);

        _proxy.Fault = TcpFault.Reset;

        Assert.Equal(SocketError.ConnectionReset, (await Assert.ThrowsAsync<SocketException>(() => idle)).SocketErrorCode);
        await Assert.ThrowsAsync<SocketException>(() => ReadAsync(_server, 1));
        using var another = new TcpClient();
        await Assert.ThrowsAsync<SocketException>(async () =>
        {
            await another.ConnectAsync("127.0.0.1", _proxy.Port, Timeouts.Token); // may already see the reset
            await ReadAsync(another.Client, 1);
        });
        Assert.Equal(2, _proxy.AcceptedConnections);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task DelayAndThrottle_TakeTheirTime(bool delay)
    {
        _proxy.Fault = delay ? TcpFault.Delay(TimeSpan.FromMilliseconds(200)) : TcpFault.Throttle(bytesPerSecond: 1000);
        var started = Stopwatch.GetTimestamp();
        await SendAsync(_server, new string('x', 300));

        Assert.Equal(300, (await ReadAsync(_client.Client, 300)).Length);
        Assert.True(Stopwatch.GetElapsedTime(started) >= TimeSpan.FromMilliseconds(190));
    }

    [Fact]
    public async Task OneSideBreaks_TheOtherSeesIt()
    {
        _client.Client.Close(timeout: 0);

        await Assert.ThrowsAsync<SocketException>(() => ReadAsync(_server, 1));
        await _proxy.WhenOpenConnectionsAsync(0);
    }

    private static async Task SendAsync(Socket socket, string text) =>
        await socket.SendAsync(Encoding.ASCII.GetBytes(text).AsMemory(), SocketFlags.None, Timeouts.Token);

    /// <summary>So many characters, or fewer where the stream ends.</summary>
    private static async Task<string> ReadAsync(Socket socket, int count)
    {
        var buffer = new byte[count];
        var read = 0;
        while (read < count && await socket.ReceiveAsync(buffer.AsMemory(read), SocketFlags.None, Timeouts.Token) is > 0 and var more)
        {
            read += more;
        }

        return Encoding.ASCII.GetString(buffer, 0, read);
    }
}
