using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

/// <summary>AS-18: a subscription that is known to be at its limit is left before a task is sent.</summary>
public sealed class BeforeDispatchTests
{
    private static readonly DateTimeOffset Later = new(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public async Task ProviderSaysThatItRefuses_TheAgentIsMoved_AndNoFailureIsWrittenDown()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await HearAsync(bench, "a", "rejected");

        var decision = await bench.Switcher.BeforeDispatchAsync(agent, Timeouts.Token);

        Assert.Equal((SwitchAction.Switch, "b"), (decision!.Action, decision.NewSubscription));
        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
        Assert.Empty(await bench.FailuresAsync());
        Assert.Equal("dispatch", Assert.Single(await bench.TimelineAsync("robot", "subscription_auto_switch"))["details"]!["failure_source"]!.GetValue<string>());
    }

    [Fact]
    public async Task AnotherAgentHitTheLimit_TheAgentIsMoved()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"]);
        var (first, second) = (await bench.AddAgentAsync("first", "a"), await bench.AddAgentAsync("second", "a"));
        await bench.LimitAsync(first);

        Assert.Equal(SwitchAction.Switch, (await bench.Switcher.BeforeDispatchAsync(second, Timeouts.Token))!.Action);

        Assert.Equal(["a rate_limit task first 1"], await bench.FailuresAsync());
    }

    [Fact]
    public async Task NothingIsKnown_OrItServes_OrOnlyATokenWasRefused_TheAgentStays()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"]);
        var (first, second) = (await bench.AddAgentAsync("first", "a"), await bench.AddAgentAsync("second", "a"));

        Assert.Null(await bench.Switcher.BeforeDispatchAsync(second, Timeouts.Token));
        await bench.Switcher.OnTaskEndedAsync(first, SwitchBench.Ended(Shared.AgentApi.TaskOutcome.AuthFailed), Timeouts.Token);
        Assert.Null(await bench.Switcher.BeforeDispatchAsync(second, Timeouts.Token)); // AS-15: that is no limit
        await bench.LimitAsync(first, generation: 1);
        await HearAsync(bench, "a", "allowed");
        Assert.Null(await bench.Switcher.BeforeDispatchAsync(second, Timeouts.Token));

        Assert.Equal(("a", 1), await bench.NowAsync("second"));
        Assert.Null(await bench.Switcher.BeforeDispatchAsync(await bench.AddAgentAsync("keyed", subscription: null), Timeouts.Token));
    }

    [Fact]
    public async Task SettingIsOff_TheAgentStays()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await HearAsync(bench, "a", "rejected");
        (await bench.Host.Admin.PatchAsync("settings", """{"auto_switch_subscriptions": false}""")).Is(200);

        Assert.Null(await bench.Switcher.BeforeDispatchAsync(agent, Timeouts.Token));
    }

    [Fact] // many dispatches at once are one switch
    public async Task ManyAtOnce_MoveTheAgentOnce()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"], hosts: 2);
        var agent = await bench.AddAgentAsync("robot", "a");
        await HearAsync(bench, "a", "rejected");

        var decisions = await Task.WhenAll(Enumerable.Range(0, 10).Select(i => bench.Service<AutoSwitchService>(i % 2).BeforeDispatchAsync(agent, Timeouts.Token)));

        Assert.Single(decisions, decision => decision?.Action == SwitchAction.Switch);
        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
    }

    [Fact]
    public async Task TooFullForNewWork_TheAgentIsMovedBeforeTheTask_AndTheTimelineSaysWhy()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await HearAsync(bench, "a", "allowed_warning", used: 0.83);
        await HearAsync(bench, "b", "allowed", used: 0.2);

        var decision = await bench.Switcher.BeforeDispatchAsync(agent, Timeouts.Token);

        Assert.Equal((SwitchAction.Switch, "b"), (decision!.Action, decision.NewSubscription));
        Assert.Empty(await bench.FailuresAsync());
        var entry = Assert.Single(await bench.TimelineAsync("robot", "subscription_auto_switch"));
        Assert.Equal("robot was moved from a to b: a is too full for new work.", entry["summary"]!.GetValue<string>());
        Assert.Equal("soft_ceiling", entry["details"]!["failure_kind"]!.GetValue<string>());
        Assert.Contains("20 % used", entry["details"]!["candidates"]!.ToJsonString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task TooFullForNewWork_AndSoAreAllOthers_TheAgentStays_AndIsExplainedOnce()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await HearAsync(bench, "a", "allowed", used: 0.83);
        await HearAsync(bench, "b", "allowed", used: 0.75);

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(SwitchAction.Stay, (await bench.Switcher.BeforeDispatchAsync(agent, Timeouts.Token))!.Action);
        }

        Assert.Equal(("a", 1), await bench.NowAsync("robot"));
        var entry = Assert.Single(await bench.TimelineAsync("robot", "subscription_over_ceiling"));
        Assert.Equal(3, entry["occurrences"]!.GetValue<int>());
        Assert.Empty(await bench.NotificationsAsync());
    }

    [Fact]
    public async Task Ceiling_IsTheSubscriptionsOwn_OrTheSettings()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await HearAsync(bench, "a", "allowed", used: 0.6);
        await HearAsync(bench, "b", "allowed", used: 0.1);
        Assert.Null(await bench.Switcher.BeforeDispatchAsync(agent, Timeouts.Token));

        (await bench.Host.Admin.PatchAsync("settings", """{"soft_ceiling_percent": 50}""")).Is(200);
        await bench.PutCeilingAsync("a", 70);
        Assert.Null(await bench.Switcher.BeforeDispatchAsync(agent, Timeouts.Token));

        await bench.PutCeilingAsync("a", null);
        Assert.Equal("b", (await bench.Switcher.BeforeDispatchAsync(agent, Timeouts.Token))!.NewSubscription);
    }

    private static Task HearAsync(SwitchBench bench, string subscription, string status, double used = 0.5)
    {
        var limits = new PlanLimits { Status = status, Windows = [new() { Name = PlanWindows.FiveHour, Utilization = used, ResetsAt = Later, Status = status }] };
        return bench.Service<LimitsStore>().WriteAsync(
            new LimitsReading(bench.FingerprintOf(subscription), LimitsSource.Live, "test", limits, bench.Service<TimeProvider>().GetUtcNow()), Timeouts.Token);
    }
}
