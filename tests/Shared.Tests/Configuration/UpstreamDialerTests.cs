using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Trinity.Shared.Configuration;

namespace Trinity.Shared.Tests.Configuration;

public sealed class UpstreamDialerTests
{
    private static readonly DnsEndPoint Target = new("provider.test", 443);
    private static readonly IPAddress Silent = IPAddress.Parse("198.51.100.1"); // its packets are dropped
    private static readonly IPAddress AlsoSilent = IPAddress.Parse("198.51.100.2");
    private static readonly IPAddress Closed = IPAddress.Parse("203.0.113.1"); // refuses connections
    private static readonly IPAddress Answering = IPAddress.Parse("203.0.113.2");
    private static readonly IPAddress Private = IPAddress.Parse("10.0.0.1"); // the policy refuses it

    private readonly ManualTimeProvider _time = new();
    private readonly List<(IPAddress Address, TimeSpan At)> _tried = [];
    private readonly Channel<IPAddress> _tries = Channel.CreateUnbounded<IPAddress>();

    [Fact]
    public async Task Dial_FirstAddressIsSilent_TheNextIsTriedAfterItsLimit()
    {
        var dialing = DialAsync([Silent, Answering]);

        _time.Advance(UpstreamDialer.MaxPerAddress - TimeSpan.FromMilliseconds(1));
        Assert.Equal([Silent], Tried());
        _time.Advance(TimeSpan.FromMilliseconds(1));

        using var socket = await dialing.WaitAsync(Timeouts.Token);
        Assert.True(socket.NoDelay);
        Assert.Equal([(Silent, TimeSpan.Zero), (Answering, UpstreamDialer.MaxPerAddress)], _tried);
        Assert.Equal(0, _time.ArmedTimers);
    }

    [Fact]
    public async Task Dial_ManyAddressesAreSilent_TheLastIsTriedInTime()
    {
        var dialing = DialAsync([.. Enumerable.Repeat(Silent, 8), Answering]);

        await AdvanceAsync(UpstreamDialer.MaxBeforeLast, tries: 9);

        using var socket = await dialing.WaitAsync(Timeouts.Token);
        Assert.Equal((9, Answering, UpstreamDialer.MaxBeforeLast), (_tried.Count, _tried[^1].Address, _tried[^1].At));
    }

    [Fact]
    public async Task Dial_LastAddressIsSilent_HasTheCallersLimitAlone()
    {
        using var caller = new CancellationTokenSource();
        var dialing = DialAsync([Silent, Private, AlsoSilent, Private], caller.Token);
        await AdvanceAsync(UpstreamDialer.MaxPerAddress, tries: 2);

        Assert.Equal(0, _time.ArmedTimers); // addresses that the policy refuses count for nothing
        _time.Advance(TimeSpan.FromHours(1));
        Assert.False(dialing.IsCompleted);
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dialing.WaitAsync(Timeouts.Token));
        Assert.Equal([Silent, AlsoSilent], Tried());
    }

    [Fact]
    public async Task Dial_CallerGivesUp_ThrowsAtOnceAndTriesNoOther()
    {
        using var caller = new CancellationTokenSource();
        var dialing = DialAsync([Silent, Answering], caller.Token);

        await caller.CancelAsync();

        var exception = await Assert.ThrowsAnyAsync<OperationCanceledException>(() => dialing.WaitAsync(Timeouts.Token));
        Assert.Equal(caller.Token, exception.CancellationToken); // SocketsHttpHandler tells its limit from a failure by it
        Assert.Equal([Silent], Tried());
    }

    [Fact]
    public async Task Dial_FirstAddressRefuses_TheNextIsTriedAtOnce()
    {
        using var socket = await DialAsync([Closed, Answering]).WaitAsync(Timeouts.Token);

        Assert.Equal([(Closed, TimeSpan.Zero), (Answering, TimeSpan.Zero)], _tried);
    }

    [Fact]
    public async Task Dial_NoAddressAnswers_SaysWhyTheLastDidNot()
    {
        var dialing = DialAsync([Silent, Closed]);
        await AdvanceAsync(UpstreamDialer.MaxPerAddress, tries: 2);

        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => dialing.WaitAsync(Timeouts.Token));

        Assert.Equal(HttpRequestError.ConnectionError, exception.HttpRequestError);
        Assert.Equal(SocketError.ConnectionRefused, Assert.IsType<SocketException>(exception.InnerException).SocketErrorCode);
    }

    [Fact]
    public async Task Dial_EveryAddressIsForbidden_TriesNone()
    {
        var exception = await Assert.ThrowsAsync<HttpRequestException>(() => DialAsync([Private, IPAddress.Loopback]));

        Assert.Contains("is refused", exception.Message, StringComparison.Ordinal);
        Assert.Empty(_tried);
    }

    private Task<Socket> DialAsync(IPAddress[] addresses, CancellationToken cancellationToken = default)
    {
        var dialer = new UpstreamDialer(new UpstreamAddressPolicy(allowPrivate: false), _time)
        {
            Resolve = (_, _) => Task.FromResult(addresses),
            Connect = ConnectAsync,
        };
        return dialer.DialAsync(Target, cancellationToken);
    }

    // As the network of each address would.
    private async ValueTask ConnectAsync(Socket socket, IPEndPoint endpoint, CancellationToken cancellationToken)
    {
        _tried.Add((endpoint.Address, _time.GetUtcNow() - new ManualTimeProvider().GetUtcNow()));
        _tries.Writer.TryWrite(endpoint.Address);
        if (endpoint.Address.Equals(Closed))
        {
            throw new SocketException((int)SocketError.ConnectionRefused);
        }

        if (!endpoint.Address.Equals(Answering))
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, cancellationToken);
        }
    }

    /// <summary>Moves the clock by as much in equal steps, each as soon as an address is being tried, and returns when the last one is.</summary>
    private async Task AdvanceAsync(TimeSpan time, int tries)
    {
        await _tries.Reader.ReadAsync(Timeouts.Token);
        for (var i = 1; i < tries; i++)
        {
            _time.Advance(time / (tries - 1));
            await _tries.Reader.ReadAsync(Timeouts.Token);
        }
    }

    private IEnumerable<IPAddress> Tried() => _tried.Select(tried => tried.Address);
}
