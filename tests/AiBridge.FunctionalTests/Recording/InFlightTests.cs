using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Recording;

/// <summary>The number of running exchanges goes up with each and comes down with it, however it ends.</summary>
public sealed class InFlightTests
{
    private const string Series = "trinity_interceptions_inflight{provider=anthropic,route=/v1/messages}";

    [Fact]
    public async Task InFlight_AfterAnyEnding_IsZeroAgain()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        using var metrics = new HostMetrics(bench.Bridge);
        var whole = Models.Streaming(Models.Messages);
        FakeReply[] endings = [whole, whole.ResetAfter(100), FakeReply.ResetBeforeHead(), Models.Blocking(Models.Messages), FakeReply.Text(503, "text/plain", "down"), AnthropicError.Reply(400, "invalid_request_error", "No.")];

        foreach (var (ending, number) in endings.Select((ending, index) => (ending, index + 1)))
        {
            bench.Expect(Models.Messages).Reply(ending);
            using var reply = await bench.SendAsync(bench.Request(Models.Messages, stream: true));
            _ = await reply.Content.ReadAsByteArrayAsync(Timeouts.Token);
            _ = await bench.RecordedAsync(reply); // which is done after the count
            Assert.True(metrics.Sums[Series] == 0, $"{metrics.Sums[Series]} in flight after ending {number}");
        }
    }

    [Fact]
    public async Task InFlight_CountsStreams_AndAClientThatLeavesTakesItsOwnAway()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        using var metrics = new HostMetrics(bench.Bridge);
        var gates = new[] { new FakeGate(), new FakeGate() };
        var replies = new List<ArrivingReply>();
        foreach (var gate in gates)
        {
            bench.Expect(Models.Messages).Reply(Models.Streaming(Models.Messages).GatedBy(gate));
            gate.Release();
            replies.Add(new ArrivingReply(await bench.SendAsync(bench.Request(Models.Messages, stream: true))));
            await replies[^1].WhenContainsAsync("message_start");
        }

        Assert.Equal(2, metrics.Sums[Series]);
        replies[0].Dispose();
        await Eventually.TrueAsync(() => metrics.Sums[Series] == 1, "the one whose client left is gone");
        gates[1].Open();
        _ = await replies[1].ToEndAsync();
        await Eventually.TrueAsync(() => metrics.Sums[Series] == 0, "the other one is complete");
        replies[1].Dispose();
    }
}
