using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging.Abstractions;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

/// <summary>What bridges report of refused credentials, from the notification to the switch.</summary>
public sealed class RefusalTests
{
    private const string Limits = """
        {"status": "rejected", "windows": [{"name": "five_hour", "utilization": 1.02, "resets_at": "2099-01-01T10:00:00+00:00", "status": "rejected"}, {"name": "seven_day", "utilization": 0.4, "status": "allowed"}]}
        """;

    [Fact]
    public async Task Refusal_OfAnAgentsSubscription_MovesTheAgent()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");

        await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"), limits: Limits);
        await bench.WhenHandledAsync();

        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
        Assert.Equal(["a rate_limit bridge robot 1"], await bench.FailuresAsync());
        var failure = Assert.Single((await bench.Host.Admin.GetAsync("subscriptions/a/failures")).Is(200).Items)!;
        Assert.Equal(
            ("robot", 1, bench.FingerprintOf("a"), "anthropic answered 429.", new DateTime(2099, 1, 1, 10, 0, 0, DateTimeKind.Utc)),
            (failure["agent"]!.GetValue<string>(), failure["generation"]!.GetValue<long>(), failure["fingerprint"]!.GetValue<string>(), failure["message"]!.GetValue<string>(), failure["resets_at"]!.GetValue<DateTime>()));
        Assert.Equal("rejected", await bench.Database.ScalarAsync<string>("select limits->>'status' from account_limits"));
    }

    [Theory] // AS-2
    [InlineData(401)]
    [InlineData(402)]
    [InlineData(403)]
    public async Task Refusal_OfTheToken_IsAFailureOfItsOwnKind(int status)
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");

        await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"), status);
        await bench.WhenHandledAsync();

        Assert.Equal(["a auth bridge robot 1"], await bench.FailuresAsync());
        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
    }

    [Fact] // HZ-3: the request carried what the agent had before
    public async Task Refusal_OfATokenThatTheAgentHasLeft_IsBookedToIt_AndSwitchesNothing()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await bench.AssignAsync(agent, "b");

        await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"));
        await bench.WhenHandledAsync();

        Assert.Equal(["a rate_limit bridge robot 1"], await bench.FailuresAsync());
        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
        Assert.Single(await bench.TimelineAsync("robot", "subscription_failure_stale"));
    }

    [Fact] // HZ-3: away and back, the time of the request tells which of the two it was
    public async Task Refusal_OfATokenThatTheAgentHasHadTwice_IsBookedByItsTime()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await bench.AssignAsync(agent, "b");
        await bench.AssignAsync(agent, "a");
        await bench.Database.ExecuteAsync("update agent_generations set created_at = created_at - interval '1 hour' / generation");
        var before = TimeProvider.System.GetUtcNow().AddMinutes(-50); // generation 1 is an hour old, 2 half an hour, 3 twenty minutes

        await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"), requestedAt: before);
        await bench.WhenHandledAsync();
        Assert.Equal(["a rate_limit bridge robot 1"], await bench.FailuresAsync());
        Assert.Equal(("a", 3L), await bench.NowAsync("robot"));

        await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"));
        await bench.WhenHandledAsync();
        Assert.Equal(("b", 4L), await bench.NowAsync("robot"));
    }

    [Fact]
    public async Task Refusal_OfACredentialThatIsNoSubscription_IsIgnored()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");

        await bench.RefuseAsync(agent.VirtualKeyId!.Value, CredentialFingerprint.Of(Canaries.New("anthropic-key")));
        await bench.WhenHandledAsync();

        Assert.Empty(await bench.FailuresAsync());
        Assert.Equal(("a", 1), await bench.NowAsync("robot"));
    }

    [Fact] // a person's request says as much of the subscription, and nothing of an agent
    public async Task Refusal_OfASubscriptionUsedBySomebodyElse_CountsAgainstIt_AndMovesNobody()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");

        await bench.RefuseAsync(Guid.CreateVersion7(), bench.FingerprintOf("b"));
        await bench.WhenHandledAsync();

        Assert.Equal(["b rate_limit bridge - -"], await bench.FailuresAsync());
        Assert.Equal(SwitchAction.NoAlternative, (await bench.LimitAsync(agent))!.Action);
    }

    [Fact] // whoever had claimed it was killed
    public async Task Refusal_WhoseClaimHasLapsed_IsTakenUp_AndOneThatSomebodyIsAtIsNot()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        var handler = bench.Service<RefusalHandler>();
        var id = await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"), isClaimed: true);
        await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a")); // of the same agent: it waits

        Assert.False(await handler.HandleNextAsync(Timeouts.Token));
        await bench.Database.ExecuteAsync($"update credential_refusals set claimed_at = now() - interval '61 seconds' where id = '{id}'");
        await handler.HandleNextAsync(Timeouts.Token);
        await bench.WhenHandledAsync();

        Assert.Equal(2, (await bench.FailuresAsync()).Count);
        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
    }

    [Fact]
    public async Task AgentThatIsBusyForLong_HoldsNobodyUp_AndIsMovedLater()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        await bench.Host.Services.GetServices<IHostedService>().OfType<RefusalWorkers>().Single().StopAsync(Timeouts.Token); // this test does their work
        var agent = await bench.AddAgentAsync("robot", "a");
        var id = await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"));
        var time = new ManualTimeProvider();
        var handler = new RefusalHandler(
            bench.Service<RefusalStore>(), bench.Service<AttributionStore>(), bench.Service<LimitsStore>(), bench.Switcher, bench.Service<AutoSwitchMetrics>(), time, NullLogger<RefusalHandler>.Instance);
        await using (await bench.Service<AgentLocks>().AcquireAsync(agent.Id, Timeouts.Token))
        {
            var handling = handler.HandleNextAsync(Timeouts.Token);
            await Eventually.TrueAsync(async () => (await bench.FailuresAsync()).Count == 1, "the failure is written down, and the lock waited for");
            time.Advance(RefusalHandler.PatienceWithAgents);
            Assert.True(await handling);
        }

        Assert.False(await handler.HandleNextAsync(Timeouts.Token)); // still claimed
        await bench.Database.ExecuteAsync($"update credential_refusals set claimed_at = now() - interval '61 seconds' where id = '{id}'");
        Assert.True(await handler.HandleNextAsync(Timeouts.Token));

        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
        Assert.Single(await bench.FailuresAsync());
    }

    [Fact]
    public async Task Listener_LosesItsConnection_RefusalsAreHandledAllTheSame()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        await bench.Database.ExecuteAsync($"select pg_terminate_backend(pid) from pg_stat_activity where datname = '{bench.Database.Name}' and query = 'listen credential_refused'");

        await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"));
        await bench.WhenHandledAsync();

        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
    }

    [Fact] // of a newer bridge
    public async Task LimitsThatCannotBeRead_TheRefusalStandsWithout()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");

        await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"), limits: """{"windows": "full"}""");
        await bench.WhenHandledAsync();

        Assert.Equal(("b", 2), await bench.NowAsync("robot"));
        Assert.Single(bench.Host.Logs.Of(ControlPlaneEventIds.UnknownLimits));
    }

    [Fact]
    public async Task Metrics_CountDecisions_AndWhoseTheRefusalsWere()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        using var measured = new HostMeasurements(bench.Host);

        foreach (var (key, fingerprint) in new[] { (agent.VirtualKeyId!.Value, "0123456789abcdef"), (Guid.CreateVersion7(), bench.FingerprintOf("a")), (agent.VirtualKeyId!.Value, bench.FingerprintOf("a")) })
        {
            await bench.RefuseAsync(key, fingerprint);
            await bench.WhenHandledAsync();
        }

        await bench.LimitAsync(agent);

        Assert.Equal(
            [
                "trinity.control.auto_switch {decision} action=stale kind=rate_limit source=task",
                "trinity.control.auto_switch {decision} action=switched kind=rate_limit source=bridge",
                "trinity.control.refusals {refusal} whose=agent",
                "trinity.control.refusals {refusal} whose=other",
                "trinity.control.refusals {refusal} whose=subscription",
            ],
            measured.All.Where(each => each.StartsWith("trinity.control.auto_switch", StringComparison.Ordinal) || each.StartsWith("trinity.control.refusals", StringComparison.Ordinal)));
    }

    [Fact] // AS-13
    public async Task Sweep_ForgetsWhatIsOlderThanADay()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        foreach (var age in new[] { "23 hours 59 minutes", "24 hours" })
        {
            var id = await bench.RefuseAsync(agent.VirtualKeyId!.Value, bench.FingerprintOf("a"));
            await bench.WhenHandledAsync();
            await bench.Database.ExecuteAsync($"""
                update credential_refusals set refused_at = now() - interval '{age}' where id = '{id}';
                update subscription_failures set occurred_at = now() - interval '{age}' where reported_as = 'interception:{id}'
                """);
        }

        await bench.Service<FailureSweeper>().SweepOnceAsync(Timeouts.Token);

        Assert.Single(await bench.FailuresAsync());
        Assert.Equal(1, await bench.Database.ScalarAsync<long>("select count(*) from credential_refusals"));
    }

    [Fact]
    public async Task Sweep_ForgetsExplanationsAfterAQuarterOfAYear()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        await bench.LimitAsync(await bench.AddAgentAsync("old", "a"));
        await bench.Database.ExecuteAsync("update agent_timeline set last_at = now() - interval '90 days'; update notifications set at = now() - interval '90 days'");
        await bench.LimitAsync(await bench.AddAgentAsync("new", "b"));

        await bench.Service<FailureSweeper>().SweepOnceAsync(Timeouts.Token);

        Assert.Equal(["new"], (await bench.Database.ScalarAsync<string[]>("select array_agg(distinct agent) from agent_timeline"))!);
        Assert.Equal(["new"], (await bench.Database.ScalarAsync<string[]>("select array_agg(distinct agent) from notifications"))!);
    }

    [Fact]
    public async Task Headroom_KeepsTheLaterWord_AndNoneOfAnotherToken()
    {
        await using var bench = await SwitchBench.StartAsync(["a"]);
        var store = bench.Host.Services.GetRequiredService<LimitsStore>();
        var now = TimeProvider.System.GetUtcNow();
        Task ObserveAsync(string status, double minutes, string? fingerprint = null) => store.WriteAsync(
            new LimitsReading(fingerprint ?? bench.FingerprintOf("a"), LimitsSource.Live, "test", new PlanLimits { Status = status }, now.AddMinutes(minutes)), Timeouts.Token);

        await ObserveAsync("allowed", 0);
        await ObserveAsync("rejected", -1);
        await ObserveAsync("rejected", 1, "0123456789abcdef");

        Assert.Equal("allowed", await bench.Database.ScalarAsync<string>($"select limits->>'status' from account_limits where credential = '{bench.FingerprintOf("a")}'"));
    }
}
