using System.Text.Json;

namespace Trinity.EndToEnd.Tests.Agents;

/// <summary>What a container's stop, start and replacement do to the token that was brought into it.</summary>
[Collection(AgentGroup.Name)]
public sealed class RestartTests(AgentServices services)
{
    private const string TakenFromFile = "The credential is the reloaded one of generation";

    [Fact]
    public async Task FleetRestart_AfterARollover_ServerStartsOnTheRotatedToken()
    {
        await using var bench = await AgentBench.StartAsync(services);
        var agent = await bench.AddShellAsync();
        var (next, _) = await bench.RollOverAsync();
        var before = await agent.IdentityAsync();
        Assert.DoesNotContain(TakenFromFile, await agent.LogsAsync(), StringComparison.Ordinal); // a container that never had one begins without

        var restarted = await bench.ControlPlane.PostAsync("/api/v1/fleet/restart", new { });

        var after = await agent.IdentityAsync();
        Assert.Equal((1, 0), (restarted.GetProperty("succeeded").GetInt32(), restarted.GetProperty("failed").GetInt32()));
        Assert.Equal(before.Id, after.Id);
        Assert.NotEqual(before.StartedAt, after.StartedAt);
        Assert.Contains($"{TakenFromFile} 2", await agent.LogsAsync(), StringComparison.Ordinal); // by itself, before anybody brought it anything
        Assert.Equal(AgentBench.FingerprintOf(next), await agent.FingerprintInUseAsync());
    }

    [Fact]
    public async Task Recreate_AfterARollover_NewContainerBeginsWithoutATokenAndIsHandedTheCurrentOne()
    {
        await using var bench = await AgentBench.StartAsync(services);
        var agent = await bench.AddShellAsync();
        var (next, _) = await bench.RollOverAsync();
        await agent.RunAsync("echo kept > ~/note");
        var before = await agent.IdentityAsync();

        var recreated = await agent.DoAsync("recreate");

        Assert.Equal("recreated", recreated.GetProperty("restart_result").GetString());
        Assert.NotEqual(before.Id, (await agent.IdentityAsync()).Id);
        Assert.DoesNotContain(TakenFromFile, await agent.LogsAsync(), StringComparison.Ordinal);
        Assert.Equal(AgentBench.FingerprintOf(next), await agent.FingerprintInUseAsync());
        Assert.Equal("kept", (await agent.RunAsync("cat ~/note")).Response); // the home directory is the same
    }

    [Fact]
    public async Task Start_RotatedAwayAndBackWhileStopped_AgentWorksWithWhatIsTrueNow()
    {
        await using var bench = await AgentBench.StartAsync(services);
        var (other, otherToken) = ($"{bench.Name}-b", Canaries.New("anthropic-oauth"));
        await bench.PutTokenAsync(otherToken, other);
        var agent = await bench.AddShellAsync();
        await agent.AssignAsync(other);
        Assert.Equal(AgentBench.FingerprintOf(otherToken), await agent.FingerprintInUseAsync());

        await agent.DoAsync("stop");
        var back = await agent.AssignAsync(bench.Subscription);
        var started = await agent.DoAsync("start");

        Assert.Equal(("not_running", "hot_reloaded"), (back.GetProperty("restart_result").GetString(), started.GetProperty("restart_result").GetString()));
        Assert.Contains($"{TakenFromFile} 2", await agent.LogsAsync(), StringComparison.Ordinal); // what it came up with was the other's
        Assert.Equal(AgentBench.FingerprintOf(bench.Token), await agent.FingerprintInUseAsync());
        Assert.Equal((3, bench.Subscription), AuthOf(await agent.ViewAsync()));
    }

    [Fact]
    public async Task Start_OfARunningAgent_ChangesNothing()
    {
        await using var bench = await AgentBench.StartAsync(services);
        var agent = await bench.AddShellAsync();
        var before = await agent.IdentityAsync();
        var running = await agent.BeginWaitingAsync("gate", BenchAgent.PrintFingerprint);
        await bench.RollOverAsync();

        var started = await agent.DoAsync("start");
        await agent.OpenAsync("gate");

        Assert.Equal("hot_reloaded", started.GetProperty("restart_result").GetString());
        Assert.Equal(("completed", AgentBench.FingerprintOf(bench.Token)), ((await running).Outcome, (await running).Response));
        Assert.Equal(before, await agent.IdentityAsync());
    }

    [Fact]
    public async Task Task_FailsOnTheOldTokenAfterTheRollover_IsBookedToTheOldTokenAndDoneOnTheNew()
    {
        await using var bench = await AgentBench.StartAsync(services);
        await bench.PutTokenAsync(Canaries.New("anthropic-oauth"), $"{bench.Name}-alternative");
        var agent = await bench.AddShellAsync();
        var running = await agent.BeginAsync(
            $"[ \"$({BenchAgent.PrintFingerprint})\" = {AgentBench.FingerprintOf(bench.Token)} ] || {{ echo done; exit 0; }}; {BenchAgent.WaitAt("gate")}; exit 77");
        var (next, _) = await bench.RollOverAsync();

        await agent.OpenAsync("gate");
        var second = await running;
        var first = await agent.TaskAsync(second.FirstTaskId!);

        Assert.Equal(("auth_failed", 1L, AgentBench.FingerprintOf(bench.Token)), (first.Outcome, first.Generation, first.Fingerprint));
        Assert.Equal(("completed", "done", 2L, AgentBench.FingerprintOf(next)), (second.Outcome, second.Response, second.Generation, second.Fingerprint));
        Assert.Equal((2, bench.Subscription), AuthOf(await agent.ViewAsync())); // what failed is not what it works with, so there is nothing to switch away from
    }

    private static (int Generation, string? Subscription) AuthOf(JsonElement agent)
    {
        var auth = agent.GetProperty("auth");
        return (auth.GetProperty("generation").GetInt32(), auth.GetProperty("subscription").GetString());
    }
}
