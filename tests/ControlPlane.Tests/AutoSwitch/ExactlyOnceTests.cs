using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.CredentialReload;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

/// <summary>HR-41, HZ-13: however many see it, an agent is moved once.</summary>
public sealed class ExactlyOnceTests
{
    private const int Failures = 20;

    [Fact]
    public async Task TwoControlPlanes_ManyFailedTasksOfOneAgent_SwitchOnce()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"], hosts: 2);
        var agent = await bench.AddAgentAsync("robot", "a");

        var decisions = await Task.WhenAll(Enumerable.Range(0, Failures).Select(i => bench.LimitAsync(agent, host: i % 2)));

        Assert.Single(decisions, decision => decision!.Action == SwitchAction.Switch);
        Assert.Equal(Failures - 1, decisions.Count(decision => decision is { Action: SwitchAction.Stale, Retry: true }));
        await AssertMovedOnceAsync(bench, "task");
    }

    [Fact]
    public async Task TwoControlPlanes_ManyRefusalsOfOneAgent_SwitchOnce()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"], hosts: 2);
        var agent = await bench.AddAgentAsync("robot", "a");

        await Task.WhenAll(Enumerable.Range(0, Failures).Select(_ => bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"))));
        await bench.WhenHandledAsync();

        await AssertMovedOnceAsync(bench, "bridge");
    }

    [Fact] // AS-4: what a bridge saw, and the task that it was part of
    public async Task RefusalsAndFailedTasks_SwitchOnce()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"], hosts: 2);
        var agent = await bench.AddAgentAsync("robot", "a");

        await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"));
            await bench.LimitAsync(agent, host: i % 2);
        }));
        await bench.WhenHandledAsync();

        Assert.Equal(20, (await bench.FailuresAsync()).Count);
        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
    }

    [Fact]
    public async Task OneAgentIsBusy_AnotherOneIsMovedMeanwhile()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var (busy, free) = (await bench.AddAgentAsync("busy", "a"), await bench.AddAgentAsync("free", "a"));
        Task<SwitchDecision?> waiting;
        await using (await bench.Service<AgentLocks>().AcquireAsync(busy.Id, Timeouts.Token))
        {
            waiting = bench.LimitAsync(busy);

            Assert.Equal(SwitchAction.Switch, (await bench.LimitAsync(free))!.Action);
            Assert.Equal(("a", 1), await bench.NowAsync("busy"));
        }

        Assert.Equal(SwitchAction.Switch, (await waiting)!.Action);
    }

    [Fact] // HR-42
    public async Task OperatorMovesTheAgentWhileAFailureWaits_TheFailureIsStale()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"], hosts: 2);
        var agent = await bench.AddAgentAsync("robot", "a");
        Task<SwitchDecision?> waiting;
        var held = await bench.Service<AgentLocks>().AcquireAsync(agent.Id, Timeouts.Token);
        await using (held)
        {
            waiting = bench.LimitAsync(agent, host: 1);
            await Eventually.TrueAsync(async () => (await bench.FailuresAsync()).Count == 1, "the failure is written down before the lock is had");
            var target = (await bench.FindSubscriptionAsync("c"))!;
            await bench.Service<AgentAssignment>().AssignAsync(held, agent, AgentAuth.Subscription, target, "admin", "by hand", Timeouts.Token);
        }

        Assert.Equal(SwitchAction.Stale, (await waiting)!.Action);
        Assert.Equal(("c", 2), await bench.NowAsync("robot"));
    }

    private static async Task AssertMovedOnceAsync(SwitchBench bench, string source)
    {
        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
        Assert.Equal(Enumerable.Repeat($"a rate_limit {source} robot 1", Failures), await bench.FailuresAsync());
        Assert.Single(await bench.TimelineAsync("robot", "subscription_auto_switch"));
        Assert.Equal(Failures - 1, Assert.Single(await bench.TimelineAsync("robot", "subscription_failure_stale"))["occurrences"]!.GetValue<int>());
        Assert.Single(await bench.NotificationsAsync());
        Assert.Equal(2, await bench.Database.ScalarAsync<long>("select count(*) from agent_generations"));
    }
}
