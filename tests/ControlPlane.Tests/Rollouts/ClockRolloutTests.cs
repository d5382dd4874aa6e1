using Trinity.ControlPlane.Tests.Agents.Support;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Rollouts;

/// <summary>The control plane's clock is minutes off the database's: what an agent reported before a rollout, and what since, is told apart all the same.</summary>
public sealed class ClockRolloutTests
{
    [Theory]
    [InlineData(5)]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task AgentStandsStill_IsSafeOnceItWasSeenSo_SinceTheRollout(int minutesOff)
    {
        await using var bench = await StartAsync(minutesOff);
        (await bench.Api.PostAsync("agents/a/stop")).Is(200);
        await bench.LookAsync();

        var rollout = await RollOverAsync(bench, "first");
        Assert.False(rollout.SafeToRevoke()); // that was before: it may have been started since

        await bench.LookAsync();
        rollout = await bench.Api.ReadAsync(rollout);
        Assert.True(rollout.SafeToRevoke(), rollout.WaitingFor());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(0)]
    [InlineData(-5)]
    public async Task AgentHasLeftAndStandsStill_IsSafe(int minutesOff)
    {
        await using var bench = await StartAsync(minutesOff);
        await bench.PutSubscriptionAsync("second");
        (await bench.Api.PostAsync("agents/a/stop")).Is(200);
        (await bench.AssignAsync("a", "second")).Is(200);
        await bench.LookAsync();

        var rollout = await RollOverAsync(bench, "first");

        Assert.True(rollout.SafeToRevoke(), rollout.WaitingFor());
    }

    [Theory]
    [InlineData(5)]
    [InlineData(-5)]
    public async Task ProvidersKey_OfAnAgentThatStandsStill_IsSafeOnceItWasSeenSo(int minutesOff)
    {
        await using var bench = await StartAsync(minutesOff);
        await bench.CreateAsync("direct", "\"auth\": \"api_key\", \"provider\": \"anthropic\", \"via\": \"provider\"");
        (await bench.Api.PostAsync("agents/direct/stop")).Is(200);
        await bench.LookAsync();

        var rollout = await bench.Api.RotateAsync("anthropic");
        Assert.False(rollout.SafeToRevoke());

        await bench.LookAsync();
        rollout = await bench.Api.ReadAsync(rollout);
        Assert.True(rollout.SafeToRevoke(), rollout.WaitingFor());
    }

    private static async Task<AgentsBench> StartAsync(int minutesOff)
    {
        var bench = await AgentsBench.StartAsync(clockOff: TimeSpan.FromMinutes(minutesOff));
        await bench.CreateAsync("a");
        return bench;
    }

    private static async Task<ApiReply> RollOverAsync(AgentsBench bench, string name)
    {
        var put = (await bench.Api.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{Canaries.New("anthropic-oauth")}}"}""")).Is(200);
        return (await bench.Api.GetAsync($"rollouts/{put.At("rollout.id")}")).Is(200);
    }
}
