using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Clients;

public sealed class AnthropicSdkCancellationTests
{
    private static readonly TimeSpan UpstreamCancelled = TimeSpan.FromSeconds(5); // the promise is 250 ms; a loaded test machine gets more

    [Fact]
    public async Task Blocking_CancelledBeforeTheReply_UpstreamSeesTheAbort()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages", FakeReply.Never());
        using var client = bench.Anthropic();
        using var leaving = CancellationTokenSource.CreateLinkedTokenSource(Timeouts.Token);

        var running = client.Messages.Create(Sdk.Ask("Hello"), leaving.Token);
        var request = await bench.Upstream.WhenReceivedAsync();
        await leaving.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => running);
        await request.Aborted.WaitAsync(UpstreamCancelled, Timeouts.Token);
        Assert.Equal("client_abort", Assert.Single(await bench.RecordsAsync(1)).Outcome);
    }

    [Fact]
    public async Task Streaming_LeftHalfWay_UpstreamSeesTheAbort()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        var gate = new FakeGate();
        gate.Release(steps: 4);
        bench.Upstream.Expect("POST", "/v1/messages", AnthropicMessage.Saying("A long answer.").Streaming().GatedBy(gate));
        using var client = bench.Anthropic();

        await foreach (var streamed in client.Messages.CreateStreaming(Sdk.Ask("Hello"), Timeouts.Token))
        {
            if (streamed.TryPickContentBlockDelta(out _))
            {
                break; // the SDK closes the reply
            }
        }

        await bench.Upstream.Requests[0].Aborted.WaitAsync(UpstreamCancelled, Timeouts.Token);
        Assert.Equal("client_abort", Assert.Single(await bench.RecordsAsync(1)).Outcome);
    }
}
