using System.Net;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Bridges;

/// <summary>Requests in flight finish on the bridge they started on (R16, 2.4 c); only the drain deadline may cut them.</summary>
public sealed class DrainTests
{
    private static readonly string[] NoLimitsButTheDeadline =
        ["AiBridge:IdleTimeout=1.00:00:00", "AiBridge:FirstByteTimeout=1.00:00:00", "AiBridge:PingInterval=1.00:00:00", "AiBridge:DrainDeadline=00:30:00"];

    private static readonly string OldKey = TestBench.KeyOf("anthropic");

    [Fact]
    public async Task Reload_TwentyTimesUnderAStream_NeitherCutsNorChangesIt()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        using var stream = await GatedStream.StartAsync(bench, OldKey);

        for (var i = 0; i < 20; i++)
        {
            await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", $"sk-rotated-{i:00}-0123456789"));
        }

        Assert.Single(bench.Bridge.Pool.Draining);
        Assert.Equal(stream.Expected, await stream.FinishAsync());
        await Eventually.TrueAsync(() => bench.Bridge.Pool.Draining.Count == 0, "the old bridge closes with its stream");
        Assert.Equal(bench.Bridge.Pool.Built - bench.Bridge.Pool.Live.Count, bench.Bridge.Pool.Closed);
        Assert.Equal("completed", (await bench.RecordedAsync(stream.Reply)).Outcome);
    }

    // A grace period of some seconds, after which a reload cut what was running, was once enough to end every long stream.
    [Fact]
    public async Task Stream_OfTwentySecondsWithARotationAfterTheFirst_ArrivesWhole()
    {
        var clock = new ManualTimeProvider();
        await using var bench = await TestBench.StartAsync(["anthropic"], configure: builder => builder.Services.AddSingleton<TimeProvider>(clock));
        var gate = new FakeGate();
        var answer = AnthropicMessage.Saying(string.Join(' ', Enumerable.Range(1, 14).Select(second => $"second-{second}"))).Streaming();
        bench.Upstream.Expect("POST", GatedStream.Path["/anthropic".Length..]).WithKey(OldKey).Reply(answer.GatedBy(gate));
        using var reply = new ArrivingReply(await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request)));
        Assert.Equal(20, answer.Pieces.Count);
        var seen = "";
        for (var second = 1; second <= 20; second++)
        {
            clock.Advance(TimeSpan.FromSeconds(1));
            gate.Release();
            seen += Encoding.UTF8.GetString(answer.Pieces[second - 1].Span);
            await reply.WhenSeenAsync(seen);
            if (second == 1)
            {
                await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", "sk-the-new-key-0123456789"));
            }

            Reaper(bench).ReapOnce();
            Assert.True(second == 20 || (bench.Bridge.Pool.Draining.Count, bench.Bridge.Pool.Closed) == (1, 0), $"in second {second} the old bridge is gone");
        }

        Assert.Equal(answer.BodyText(), await reply.ToEndAsync());
        await Eventually.TrueAsync(() => bench.Bridge.Pool is { Draining.Count: 0, Closed: 1 }, "the old bridge closes after the stream's end");
    }

    [Theory]
    [InlineData(false, HttpStatusCode.ServiceUnavailable, "provider_disabled")]
    [InlineData(true, HttpStatusCode.NotFound, "unknown_provider")]
    public async Task Provider_DisabledOrDeletedUnderAStream_StreamFinishesAndNewRequestsAreTold(bool deleted, HttpStatusCode status, string code)
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        using var stream = await GatedStream.StartAsync(bench, OldKey);

        await (deleted ? bench.Config.DeleteAsync("anthropic") : bench.Config.EnableAsync("anthropic", enabled: false));
        await bench.AppliedAsync();
        using var refused = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));

        Assert.Equal(status, refused.StatusCode);
        var body = await refused.Content.ReadAsStringAsync(Timeouts.Token);
        Assert.StartsWith("""{"type":"error","error":{""", body, StringComparison.Ordinal);
        Assert.Contains(code, body, StringComparison.Ordinal);
        Assert.Equal(stream.Expected, await stream.FinishAsync());
        await bench.Upstream.WhenOpenConnectionsAsync(0); // the provider's connections went with its last bridge
        Assert.Equal((1, 1), (bench.Bridge.Pool.Built, bench.Bridge.Pool.Closed));
    }

    [Fact]
    public async Task Provider_DisabledAndEnabledAgain_Serves()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        await bench.Config.EnableAsync("anthropic", enabled: false);
        await bench.AppliedAsync();

        await bench.Config.EnableAsync("anthropic", enabled: true);
        await bench.AppliedAsync();

        bench.Upstream.Expect("POST", "/v1/messages").WithKey(OldKey).Reply(AnthropicMessage.Saying("Hello.").Blocking());
        using var reply = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
    }

    [Fact]
    public async Task BaseUrl_ChangedUnderAStream_StreamFinishesOnTheOldHostAndNewRequestsGoToTheNewOne()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        await using var moved = await FakeProvider.StartAsync();
        using var stream = await GatedStream.StartAsync(bench, OldKey);
        moved.Expect("POST", "/v1/messages").WithKey(OldKey).Reply(AnthropicMessage.Saying("From the new host.").Blocking());

        await bench.Config.SetBaseUrlAsync("anthropic", moved.BaseUrl);
        await bench.AppliedAsync();
        using var next = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));

        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
        Assert.Equal(stream.Expected, await stream.FinishAsync());
        await bench.Upstream.WhenOpenConnectionsAsync(0);
        Assert.Equal(1, moved.OpenConnections);
    }

    [Fact]
    public async Task Rotation_BetweenTwoRequests_KeepsTheWarmConnection()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        (await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request))).Dispose();

        for (var i = 0; i < 5; i++)
        {
            await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", $"sk-rotated-{i}-0123456789"));
            using var reply = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
            _ = await reply.Content.ReadAsStringAsync(Timeouts.Token);
        }

        Assert.Equal(1, bench.Upstream.AcceptedConnections);
        Assert.Equal("sk-rotated-4-0123456789", bench.Upstream.Requests[^1].Key);
    }

    [Fact]
    public async Task DrainDeadline_WithAStreamRunning_EndsItInTheVendorsWordsAndCountsIt()
    {
        var clock = new ManualTimeProvider();
        await using var bench = await TestBench.StartAsync(["anthropic"], NoLimitsButTheDeadline, builder => builder.Services.AddSingleton<TimeProvider>(clock));
        using var stream = await GatedStream.StartAsync(bench, OldKey);
        await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", "sk-the-new-key-0123456789"));

        clock.Advance(TimeSpan.FromMinutes(29));
        Reaper(bench).ReapOnce();
        Assert.Empty(bench.Bridge.Logs.Of(EventIds.DrainDeadlinePassed));
        clock.Advance(TimeSpan.FromMinutes(2));

        var body = await stream.ReadAsync();
        var sent = body[..body.IndexOf("event: error", StringComparison.Ordinal)];
        Assert.StartsWith(sent, stream.Expected, StringComparison.Ordinal);
        Assert.EndsWith("\n\n", body, StringComparison.Ordinal);
        Assert.Contains("drain_deadline", body[sent.Length..], StringComparison.Ordinal);
        var cut = Assert.Single(bench.Bridge.Logs.Of(EventIds.DrainDeadlinePassed));
        Assert.Equal(1, cut.Values.Single(value => value.Key == "Leases").Value);
        var record = await bench.RecordedAsync(stream.Reply);
        Assert.Equal(("bridge_error", "drain_deadline"), (record.Outcome, record.Error));
        await Eventually.TrueAsync(() => bench.Bridge.Pool.Draining.Count == 0, "the bridge closes with what was cut");
    }

    [Fact]
    public async Task DrainDeadline_WithARequestThatHasNoAnswerYet_AnswersItInTheVendorsShape()
    {
        var clock = new ManualTimeProvider();
        await using var bench = await TestBench.StartAsync(["anthropic"], NoLimitsButTheDeadline, builder => builder.Services.AddSingleton<TimeProvider>(clock));
        bench.Upstream.Expect("POST", "/v1/messages").Reply(FakeReply.Never());
        var asking = bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
        await bench.Upstream.WhenReceivedAsync();
        await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", "sk-the-new-key-0123456789"));

        clock.Advance(TimeSpan.FromMinutes(31));

        using var reply = await asking;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.StatusCode);
        Assert.Contains("drain_deadline", await reply.Content.ReadAsStringAsync(Timeouts.Token), StringComparison.Ordinal);
    }

    private static BridgeReaper Reaper(TestBench bench) => bench.Bridge.Services.GetServices<IHostedService>().OfType<BridgeReaper>().Single();
}
