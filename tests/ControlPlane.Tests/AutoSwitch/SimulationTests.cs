using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

/// <summary>What would happen if a subscription failed now: by the same rules, and nothing is changed.</summary>
public sealed class SimulationTests
{
    [Fact]
    public async Task Simulate_SpreadsTheAgents_AsTheyWouldBe_AndChangesNothing()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b", "c"]);
        foreach (var name in (string[])["r1", "r2", "r3"])
        {
            await bench.AddAgentAsync(name, "a");
        }

        await bench.AddAgentAsync("elsewhere", "b");
        await bench.Database.ExecuteAsync("update agents set desired_state = 'running' where name <> 'elsewhere'");

        var result = (await bench.Host.Admin.PostAsync("subscriptions/simulate", """{"subscription": "a"}""")).Is(200);

        Assert.Equal(["r1 switched b", "r2 switched c", "r3 switched b"], result.Json["agents"]!.AsArray().Select(agent => $"{agent!["agent"]} {agent["action"]} {agent["new_subscription"]}"));
        Assert.Equal(("3", "0", "0"), (result.At("switched"), result.At("fallen_back"), result.At("stuck")));
        Assert.Equal(["b 2", "c 1"], result.Json["subscriptions"]!.AsArray().Select(each => $"{each!["subscription"]} {each["agents"]}"));
        Assert.Equal(("a", 1), await bench.NowAsync("r1"));
        Assert.Empty(await bench.FailuresAsync());
        Assert.Empty(await bench.TimelineAsync("r1", "subscription_auto_switch"));
    }

    [Fact]
    public async Task Simulate_NothingLeft_NamesWhoWaitsAndHowLong()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        await bench.AddAgentAsync("robot", "a");
        await bench.Database.ExecuteAsync("update agents set desired_state = 'running'");
        var reset = new DateTimeOffset(2099, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var refused = new PlanLimits { Status = "rejected", Windows = [new() { Name = PlanWindows.SevenDay, Utilization = 1, ResetsAt = reset, Status = "rejected" }] };
        await bench.Service<LimitsStore>().WriteAsync(new LimitsReading(bench.FingerprintOf("b"), LimitsSource.Live, "test", refused, bench.Service<TimeProvider>().GetUtcNow()), Timeouts.Token);

        var stuck = (await bench.Host.Admin.PostAsync("subscriptions/simulate", """{"subscription": "a", "kind": "auth"}""")).Is(200);
        await bench.AddProviderKeyAsync();
        var fallen = (await bench.Host.Admin.PostAsync("subscriptions/simulate", """{"subscription": "a"}""")).Is(200);

        Assert.Equal(("1", "no_alternative", "auth"), (stuck.At("stuck"), stuck.At("agents[0].action"), stuck.At("kind")));
        Assert.Equal(reset, stuck.Json["earliest_reset"]!.GetValue<DateTimeOffset>());
        Assert.Contains("refused it", stuck.At("subscriptions[0].why_no_new_work")!, StringComparison.Ordinal);
        Assert.Equal(("1", "api_key_fallback"), (fallen.At("fallen_back"), fallen.At("agents[0].action")));
    }

    [Fact]
    public async Task Simulate_NobodyOnIt_SaysSo()
    {
        await using var bench = await SwitchBench.StartAsync(["a"]);

        Assert.Contains("Nobody would notice", (await bench.Host.Admin.PostAsync("subscriptions/simulate", """{"subscription": "a"}""")).Is(200).At("summary")!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("subscription", "{}")]
    [InlineData("subscription", """{"subscription": "nobody"}""")]
    [InlineData("kind", """{"subscription": "a", "kind": "flood"}""")]
    [InlineData("when", """{"subscription": "a", "when": "now"}""")]
    public async Task Simulate_BadField_IsNamed(string field, string body)
    {
        await using var bench = await SwitchBench.StartAsync(["a"]);

        Assert.NotEmpty((await bench.Host.Admin.PostAsync("subscriptions/simulate", body)).IsProblem(400).ErrorsOf(field));
    }
}
