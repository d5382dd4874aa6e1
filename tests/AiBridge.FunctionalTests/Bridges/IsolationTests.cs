using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Bridges;

/// <summary>2.4 m: editing one provider leaves the others as they are.</summary>
public sealed class IsolationTests
{
    private const string SecondKey = "sk-second-key-0123456789";

    [Fact]
    public async Task OtherProvider_Edited_LeavesBridgeCooldownsConnectionsAndStreamsAlone()
    {
        await using var bench = await TestBench.StartAsync(["anthropic", "openai"]);
        await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", TestBench.KeyOf("anthropic"), SecondKey));
        await CoolTheFirstKeyDownAsync(bench);
        using var stream = await GatedStream.StartAsync(bench, SecondKey);
        await AskAsync(bench); // a second warm connection, beside the stream's
        var bridge = Assert.Single(bench.Bridge.Pool.Live);
        var connections = bench.Upstream.AcceptedConnections;

        for (var seconds = 100; seconds < 105; seconds++)
        {
            await bench.Config.EditAsync("openai", idleTimeoutSeconds: seconds);
            await bench.AppliedAsync();
        }

        await bench.Config.SetKeysAsync("openai", "sk-another-key-0123456789");
        await bench.AppliedAsync();
        await AskAsync(bench);
        Assert.Same(bridge, Assert.Single(bench.Bridge.Pool.Live));
        Assert.Equal(connections, bench.Upstream.AcceptedConnections);
        Assert.Equal(SecondKey, bench.Upstream.Requests[^1].Key); // the first key still cools down
        Assert.Empty(bench.Bridge.Pool.Draining);
        Assert.Equal(stream.Expected, await stream.FinishAsync());
    }

    [Fact]
    public async Task VirtualKey_AddedOrRevoked_RetiresNoBridge()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        using var stream = await GatedStream.StartAsync(bench, TestBench.KeyOf("anthropic"));
        var bridge = Assert.Single(bench.Bridge.Pool.Live);

        await bench.Config.AddVirtualKeyAsync("another");
        await bench.Config.RevokeVirtualKeyAsync("tester");
        await bench.AppliedAsync();

        Assert.Same(bridge, Assert.Single(bench.Bridge.Pool.Live));
        Assert.Equal(stream.Expected, await stream.FinishAsync()); // its key was good when it began
        using var refused = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
        Assert.Equal(System.Net.HttpStatusCode.Unauthorized, refused.StatusCode);
    }

    private static async Task CoolTheFirstKeyDownAsync(TestBench bench)
    {
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(TestBench.KeyOf("anthropic")).Reply(FakeReply.TooManyRequests(retryAfterSeconds: 600));
        await AskAsync(bench);
    }

    private static async Task AskAsync(TestBench bench)
    {
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(SecondKey).Reply(AnthropicMessage.Saying("Hello.").Blocking());
        using var reply = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
        Assert.True(reply.IsSuccessStatusCode);
        _ = await reply.Content.ReadAsStringAsync(Timeouts.Token);
    }
}
