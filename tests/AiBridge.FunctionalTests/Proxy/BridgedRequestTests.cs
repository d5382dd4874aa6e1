using System.Net;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

public sealed class BridgedRequestTests
{
    [Fact]
    public async Task Messages_Blocking_IsForwardedWithTheProvidersKeyAndRecorded()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        var message = AnthropicMessage.Saying("Hello.") with { Usage = new AnthropicUsage(11, 22, 33, 44) };
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(TestBench.KeyOf("anthropic")).WithoutHeader("Authorization").Reply(message.Blocking());

        using var reply = await bench.SendAsync(bench.Post("/anthropic/v1/messages?beta=true", """{"model":"claude-sonnet-4-5","max_tokens":10,"messages":[]}"""));

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal(message.BlockingJson(), await reply.Content.ReadAsStringAsync(Timeouts.Token));
        Assert.Equal("?beta=true", bench.Upstream.Requests[0].Query);
        var record = await bench.RecordedAsync(reply);
        Assert.Equal(("completed", "claude-sonnet-4-5", 1), (record.Outcome, record.Model, record.Attempts));
        Assert.Equal((11, 22, 33, 44), (record.Input, record.Output, record.CacheRead, record.CacheWrite));
    }

    [Fact]
    public async Task Messages_Streaming_IsRelayedByteForByteAndRecorded()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        var message = AnthropicMessage.Saying("Hello.").ToolUse("toolu_1", "Read", """{"path":"a.txt"}""");
        bench.Upstream.Expect("POST", "/v1/messages").Reply(message.Streaming().SplitEvery(7));

        using var reply = await bench.SendAsync(bench.Post("/anthropic/v1/messages", """{"model":"claude-sonnet-4-5","stream":true,"messages":[]}"""));

        Assert.Equal(message.Streaming().BodyText(), await reply.Content.ReadAsStringAsync(Timeouts.Token));
        var record = await bench.RecordedAsync(reply);
        Assert.Equal(("completed", true, "12", "34"), (record.Outcome, record.Streaming, $"{record.Input}", $"{record.Output}"));
        var tool = Assert.Single(record.Tools);
        Assert.Equal(("toolu_1", "Read", """{"path":"a.txt"}"""), (tool.ToolCallId, tool.Tool, tool.Input));
    }

    [Fact]
    public async Task Rotation_WhileAStreamRuns_StreamFinishesOnTheOldKeyAndTheNextRequestUsesTheNewOne()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        var gate = new FakeGate();
        var message = AnthropicMessage.Saying("A long answer.");
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(TestBench.KeyOf("anthropic")).Reply(message.Streaming().GatedBy(gate));
        bench.Upstream.Expect("POST", "/v1/messages").WithKey("sk-the-new-key-0123456789").Reply(message.Blocking());
        const string request = """{"model":"claude-sonnet-4-5","messages":[]}""";
        gate.Release();
        using var stream = await bench.SendAsync(bench.Post("/anthropic/v1/messages", request));

        await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", "sk-the-new-key-0123456789"));
        var draining = Assert.Single(bench.Bridge.Pool.Draining);
        using var next = await bench.SendAsync(bench.Post("/anthropic/v1/messages", request));
        gate.Open();

        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
        Assert.Equal(message.Streaming().BodyText(), await stream.Content.ReadAsStringAsync(Timeouts.Token));
        await Eventually.TrueAsync(() => bench.Bridge.Pool.Draining.Count == 0, "the old bridge closes with its last stream");
        Assert.True(draining.IsRetired);
        Assert.Equal(bench.Bridge.Pool.Built - bench.Bridge.Pool.Live.Count, bench.Bridge.Pool.Closed);
    }
}
