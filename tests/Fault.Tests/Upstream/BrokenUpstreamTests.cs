using System.Net;
using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Upstream;

/// <summary>The wire between a replica and its upstream breaks.</summary>
public sealed class BrokenUpstreamTests
{
    [Fact]
    public async Task Upstream_ThatTakesRequestsAndNeverAnswers_IsGivenUpInTime()
    {
        TcpFaultProxy? wire = null;
        await using var fleet = await Fleet.StartAsync(1, upstreamPort: port => (wire = new TcpFaultProxy(port)).Port, settings: ("FirstByteTimeout", "00:00:01"));
        await using var owned = wire!;
        wire!.Fault = TcpFault.Blackhole;

        Assert.Equal(HttpStatusCode.GatewayTimeout, await StatusAsync(fleet));

        wire.CutAll(reset: true);
        wire.Fault = TcpFault.None;
        fleet.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(fleet));
    }

    [Fact]
    public async Task Upstream_ThatResetsBeforeTheHead_IsABadGateway()
    {
        TcpFaultProxy? wire = null;
        await using var fleet = await Fleet.StartAsync(1, upstreamPort: port => (wire = new TcpFaultProxy(port)).Port);
        await using var owned = wire!;
        wire!.Fault = TcpFault.Reset;
        Assert.Equal(HttpStatusCode.BadGateway, await StatusAsync(fleet));
    }

    [Fact]
    public async Task Upstream_ThatResetsAStream_EndsItWithTheVendorsError()
    {
        TcpFaultProxy? wire = null;
        await using var fleet = await Fleet.StartAsync(1, upstreamPort: port => (wire = new TcpFaultProxy(port)).Port);
        await using var owned = wire!;
        var gate = new FakeGate();
        fleet.Upstream.Respond(_ => AnthropicMessage.Saying("A long answer.").Streaming().GatedBy(gate));
        gate.Release(2);
        using var client = LoopbackHttp.CreateClient();
        using var request = fleet.Request();
        using var reply = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
        await gate.WhenWrittenAsync(2);

        wire!.CutAll(reset: true);

        Assert.Contains("event: error", await reply.Content.ReadAsStringAsync(Timeouts.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Client_ThatLeaves_CancelsTheUpstream()
    {
        await using var fleet = await Fleet.StartAsync(1);
        var gate = new FakeGate();
        fleet.Upstream.Respond(_ => AnthropicMessage.Saying("A long answer.").Streaming().GatedBy(gate));
        gate.Release(2);
        using var client = new HttpClient(new SocketsHttpHandler { UseProxy = false, ResponseDrainTimeout = TimeSpan.Zero }); // else leaving takes the client two seconds
        using var request = fleet.Request();
        var reply = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
        var seen = await fleet.Upstream.WhenReceivedAsync();

        var left = System.Diagnostics.Stopwatch.GetTimestamp();
        reply.Dispose();
        await seen.Aborted.WaitAsync(Timeouts.Token);

        Assert.InRange(System.Diagnostics.Stopwatch.GetElapsedTime(left).TotalMilliseconds, 0, 250);
    }

    private static async Task<HttpStatusCode> StatusAsync(Fleet fleet)
    {
        using var client = LoopbackHttp.CreateClient();
        using var request = fleet.Request();
        using var reply = await client.SendAsync(request, Timeouts.Token);
        return reply.StatusCode;
    }
}
