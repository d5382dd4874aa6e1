using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.CredentialReload;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

public sealed class AutoSwitchTests
{
    [Theory] // AS-1, AS-2, AS-12
    [InlineData(TaskOutcome.RateLimited, "rate_limit", "a reached its limit")]
    [InlineData(TaskOutcome.AuthFailed, "auth", "a was not accepted by the provider")]
    public async Task FirstFailure_MovesTheAgent_AndExplainsItself(TaskOutcome outcome, string kind, string why)
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await bench.AddAgentAsync("other", "c");

        var decision = await bench.Switcher.OnTaskEndedAsync(agent, SwitchBench.Ended(outcome), Timeouts.Token);

        Assert.Equal((SwitchAction.Switch, "b", DeliveryResult.Failed, 2), (decision!.Action, decision.NewSubscription, decision.Delivery!.Result, decision.Delivery.Generation));
        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
        Assert.Equal([$"a {kind} task robot 1"], await bench.FailuresAsync());
        var entry = Assert.Single(await bench.TimelineAsync("robot", "subscription_auto_switch"));
        Assert.Equal($"robot was moved from a to b: {why}.", entry["summary"]!.GetValue<string>());
        var details = entry["details"]!;
        Assert.Equal(
            ("a", "b", kind, "task", 1, 1, "failed"),
            (details["old_subscription"]!.GetValue<string>(), details["new_subscription"]!.GetValue<string>(), details["failure_kind"]!.GetValue<string>(), details["failure_source"]!.GetValue<string>(),
                details["failures"]!.GetValue<int>(), details["failure_generation"]!.GetValue<long>(), details["delivery"]!["result"]!.GetValue<string>()));
        Assert.Equal(
            ["b chosen", "c viable", "a skipped"],
            details["candidates"]!.AsArray().Select(each => $"{each!["subscription"]!.GetValue<string>()} {each["verdict"]!.GetValue<string>()}"));
        var notification = Assert.Single((await bench.Host.Admin.GetAsync("notifications")).Items)!;
        Assert.Equal(("high", "subscription", "robot"), (notification["severity"]!.GetValue<string>(), notification["category"]!.GetValue<string>(), notification["agent"]!.GetValue<string>()));
        Assert.Contains(await bench.Host.AuditAsync(), line => line.StartsWith("agent.assign robot ", StringComparison.Ordinal) && line.Contains(why, StringComparison.Ordinal));
        Assert.Single(bench.Host.Logs.Of(ControlPlaneEventIds.AgentSwitched));
    }

    [Theory] // AS-3: a killed process, a refused model and the like are Error
    [InlineData(TaskOutcome.Completed)]
    [InlineData(TaskOutcome.Error)]
    [InlineData(TaskOutcome.Timeout)]
    [InlineData(TaskOutcome.Cancelled)]
    [InlineData(TaskOutcome.Running)]
    public async Task OtherOutcomes_AreNoFailures(TaskOutcome outcome)
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");

        Assert.Null(await bench.Switcher.OnTaskEndedAsync(agent, SwitchBench.Ended(outcome), Timeouts.Token));

        Assert.Equal(("a", 1), await bench.NowAsync("robot"));
        Assert.Empty(await bench.FailuresAsync());
    }

    [Fact] // AS-3, AS-5: by our own books, whatever the agent says that it had
    public async Task TaskOnAnApiKey_OrOnAnUnknownGeneration_IsNoFailureOfASubscription()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var keyed = await bench.AddAgentAsync("keyed", subscription: null);
        var agent = await bench.AddAgentAsync("robot", "a");
        var claims = SwitchBench.Ended(TaskOutcome.RateLimited) with { SubscriptionId = await bench.SubscriptionIdAsync("a"), Fingerprint = bench.FingerprintOf("a") };

        Assert.Null(await bench.Switcher.OnTaskEndedAsync(keyed, claims, Timeouts.Token));
        Assert.Null(await bench.Switcher.OnTaskEndedAsync(agent, claims with { Generation = 7 }, Timeouts.Token));

        Assert.Empty(await bench.FailuresAsync());
        Assert.Equal((("api_key", 1L), ("a", 1L)), (await bench.NowAsync("keyed"), await bench.NowAsync("robot")));
    }

    [Fact] // AS-6, AS-7
    public async Task SettingIsOff_TheFailureIsWrittenDown_AndTheAgentStays()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        (await bench.Host.Admin.PatchAsync("settings", """{"auto_switch_subscriptions": false}""")).Is(200);
        await using var held = await bench.Service<AgentLocks>().AcquireAsync(agent.Id, Timeouts.Token); // which nobody waits for

        var decision = await bench.LimitAsync(agent);

        Assert.Equal((SwitchAction.Off, false), (decision!.Action, decision.Retry));
        Assert.Equal(["a rate_limit task robot 1"], await bench.FailuresAsync());
        Assert.Equal(("a", 1), await bench.NowAsync("robot"));
        Assert.Single(await bench.TimelineAsync("robot", "subscription_auto_switch_off"));
        Assert.Empty(await bench.NotificationsAsync());
    }

    [Fact] // AS-8, HZ-3, HZ-13
    public async Task FailureOfATaskThatStartedBeforeTheSwitch_IsBookedToTheOldSubscription_AndSwitchesNothing()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await bench.LimitAsync(agent, generation: 1);

        var decision = await bench.LimitAsync(await bench.ReadAsync("robot"), generation: 1);

        Assert.Equal((SwitchAction.Stale, true), (decision!.Action, decision.Retry)); // AS-17: the agent has another credential by now
        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
        Assert.Equal(["a rate_limit task robot 1", "a rate_limit task robot 1"], await bench.FailuresAsync());
        var entry = Assert.Single(await bench.TimelineAsync("robot", "subscription_failure_stale"));
        Assert.Contains("The agent has left a since.", entry["summary"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Single(await bench.TimelineAsync("robot", "subscription_auto_switch"));
    }

    [Fact] // HZ-3: away and back, the old task is of before
    public async Task FailureOfATaskFromBeforeAReturn_SwitchesNothing()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await bench.AssignAsync(agent, "b");
        await bench.AssignAsync(agent, "a");

        Assert.Equal(SwitchAction.Stale, (await bench.LimitAsync(agent, generation: 1))!.Action);
        Assert.Equal(("a", 3), await bench.NowAsync("robot"));
        Assert.Equal(SwitchAction.Switch, (await bench.LimitAsync(agent, generation: 3))!.Action);
    }

    [Fact]
    public async Task FailureOfATokenThatWasRolledOver_SwitchesNothing()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await bench.PutSubscriptionAsync("a");

        var decision = await bench.Switcher.OnTaskEndedAsync(agent, SwitchBench.Ended(TaskOutcome.AuthFailed), Timeouts.Token);

        Assert.Equal(SwitchAction.Stale, decision!.Action);
        Assert.Equal(("a", 2), await bench.NowAsync("robot"));
    }

    [Fact] // AS-13, AS-16
    public async Task SubscriptionThatWasLeft_StaysOnTheSkipList_ForEveryAgent()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var first = await bench.AddAgentAsync("first", "a");
        var second = await bench.AddAgentAsync("second", "b");
        await bench.LimitAsync(first);

        var decision = await bench.LimitAsync(second);

        Assert.Equal(SwitchAction.NoAlternative, decision!.Action);
        Assert.Equal(("b", 1), await bench.NowAsync("second"));
        Assert.Equal(SwitchAction.NoAlternative, (await bench.LimitAsync(first, generation: 2))!.Action); // nor back
    }

    [Theory] // AS-14: instants are compared, in whatever zone they were written
    [InlineData(119, 9, true)]
    [InlineData(121, 9, false)]
    [InlineData(119, -9, true)]
    [InlineData(121, -9, false)]
    public async Task SkipList_EndsAfterTwoHours_InEveryZone(int minutesAgo, int zone, bool isSkipped)
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        var at = TimeProvider.System.GetUtcNow().AddMinutes(-minutesAgo).ToOffset(TimeSpan.FromHours(zone));
        await bench.Database.ExecuteAsync($"""
            insert into subscription_failures (id, reported_as, subscription_id, subscription, kind, source, message, occurred_at)
            select gen_random_uuid(), 'x', id, name, 'auth', 'task', '', '{at:O}' from subscriptions where name = 'b'
            """);

        Assert.Equal(isSkipped ? SwitchAction.NoAlternative : SwitchAction.Switch, (await bench.LimitAsync(agent))!.Action);
    }

    [Fact] // AS-11, AS-17, AS-19
    public async Task NothingIsLeft_NamesTheEarliestKnownReset_Once()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await bench.Database.ExecuteAsync($"""
            insert into subscription_failures (id, reported_as, subscription_id, subscription, kind, source, message, resets_at, occurred_at)
            select gen_random_uuid(), 'x', id, name, 'rate_limit', 'bridge', '', '2099-01-01T10:00:00Z', now() from subscriptions where name = 'b'
            """);

        var decision = await bench.LimitAsync(agent);
        await bench.LimitAsync(agent);

        Assert.Equal((SwitchAction.NoAlternative, false), (decision!.Action, decision.Retry));
        Assert.Equal(new DateTimeOffset(2099, 1, 1, 10, 0, 0, TimeSpan.Zero), decision.EarliestReset);
        var entry = Assert.Single(await bench.TimelineAsync("robot", "subscription_no_alternative"));
        Assert.Contains("2099-01-01T10:00:00Z", entry["summary"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal(2, entry["occurrences"]!.GetValue<int>());
        Assert.Single(await bench.NotificationsAsync());
    }

    [Fact] // AS-11
    public async Task NothingIsLeft_ButTheProvidersOwnKeys_TheAgentGoesOnWithThem()
    {
        await using var bench = await SwitchBench.StartAsync(["a"]);
        await bench.AddProviderKeyAsync();
        var agent = await bench.AddAgentAsync("robot", "a");
        var direct = await bench.AddAgentAsync("direct", "a", AgentVia.Provider);
        var patient = await bench.AddAgentAsync("patient", "a");

        Assert.Equal(SwitchAction.FallBack, (await bench.LimitAsync(agent))!.Action);
        Assert.Equal(SwitchAction.NoAlternative, (await bench.LimitAsync(direct))!.Action); // it would have the key in its hands
        (await bench.Host.Admin.PatchAsync("settings", """{"subscription_api_key_fallback": false}""")).Is(200);
        Assert.Equal(SwitchAction.NoAlternative, (await bench.LimitAsync(patient))!.Action);

        Assert.Equal((("api_key", 2L), ("a", 1L), ("a", 1L)), (await bench.NowAsync("robot"), await bench.NowAsync("direct"), await bench.NowAsync("patient")));
        Assert.Single(await bench.TimelineAsync("robot", "subscription_api_key_fallback"));
        Assert.Contains("robot goes on with its provider's own keys", (await bench.NotificationsAsync())[^1], StringComparison.Ordinal);
        Assert.Equal(SwitchAction.Stale, (await bench.LimitAsync(agent))!.Action); // what still ran on the subscription
    }

    [Theory] // AS-12
    [InlineData("notifications")]
    [InlineData("agent_timeline")]
    public async Task ExplanationThatCannotBeWritten_UndoesNothing(string table)
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await bench.Database.ExecuteAsync($"alter table {table} add constraint refuses check (false)");

        Assert.Equal(SwitchAction.Switch, (await bench.LimitAsync(agent))!.Action);

        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
        Assert.Single(bench.Host.Logs.Of(ControlPlaneEventIds.SwitchNotExplained));
    }

    [Fact]
    public async Task ReportThatComesTwice_CountsOnce()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        var task = SwitchBench.Ended(TaskOutcome.RateLimited, error: $"refused: {Canaries.New("anthropic-oauth")}"); // which the bench looks for

        await bench.Switcher.OnTaskEndedAsync(agent, task, Timeouts.Token);
        await bench.Switcher.OnTaskEndedAsync(agent, task, Timeouts.Token);

        Assert.Single(await bench.FailuresAsync());
    }

    [Fact] // the task's result is its caller's, whatever happens here
    public async Task DatabaseRefuses_NothingIsThrown()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await bench.Database.ExecuteAsync("alter table subscription_failures rename column kind to sort");

        Assert.Null(await bench.LimitAsync(agent));
        Assert.Null(await bench.Switcher.BeforeDispatchAsync(agent, Timeouts.Token));

        Assert.Equal(2, bench.Host.Logs.Of(ControlPlaneEventIds.AutoSwitchFailed).Count);
        Assert.Equal(("a", 1), await bench.NowAsync("robot"));
    }

    [Fact]
    public async Task AgentThatIsBeingDeleted_IsLeftAlone()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await bench.Database.ExecuteAsync("alter table agents disable trigger user; update agents set desired_state = 'deleted'"); // and nobody is told

        Assert.Null(await bench.LimitAsync(agent));

        Assert.Equal(["a rate_limit task robot 1"], await bench.FailuresAsync());
    }
}
