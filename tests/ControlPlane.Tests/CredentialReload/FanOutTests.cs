using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.CredentialReload;

/// <summary>A subscription's token is rolled over, and ten agents work with it.</summary>
public sealed class FanOutTests
{
    private const int Agents = 10;

    private static readonly string[] Names = [.. Enumerable.Range(0, Agents).Select(number => $"a{number}")];

    // HR-35, HZ-8
    [Fact]
    public async Task RollOver_OneIsBroken_NineHaveIt_AndTheTenthWhenItRecovers()
    {
        await using var bench = await StartAsync(looks: true);
        bench.Engine.Script("a3").Answer(AgentScript.Reload, 500, """{"code": "not_stored"}""");
        var tasks = Names.Select(name => bench.Engine.Agent(name).Begin()).ToList();
        bench.Engine.Calls.Forget();

        var token = Canaries.New("anthropic-oauth");
        var put = (await bench.Api.PostAsync("subscriptions", $$"""{"name": "first", "token": "{{token}}"}""")).Is(200);
        var rollout = $"rollouts/{put.At("rollout.id")}";
        await UntilAsync(bench, async () => await CountAsync(bench, rollout, "hot_reloaded") == Agents - 1 && await CountAsync(bench, rollout, "failed") == 1, "nine have it, and one failed");

        var report = (await bench.Api.GetAsync(rollout)).Is(200);
        var broken = report.Json["agents"]!.AsArray().Single(agent => agent!["agent"]!.GetValue<string>() == "a3")!;
        Assert.Contains("The agent answered 500 (not_stored).", broken["problem"]!.GetValue<string>(), StringComparison.Ordinal);
        Assert.Equal("false", report.At("safe_to_revoke"));
        Assert.All(Names.Except(["a3"]), name => Assert.Equal(token, bench.Engine.Agent(name).Credential.Token!.Reveal()));
        Assert.Equal(bench.Token, bench.Engine.Agent("a3").Credential.Token!.Reveal());

        bench.Engine.Script("a3").Recover();
        await UntilAsync(bench, async () => await CountAsync(bench, rollout, "hot_reloaded") == Agents, "the tenth gets it by itself");
        Assert.Equal(token, bench.Engine.Agent("a3").Credential.Token!.Reveal());
        Assert.Equal("false", (await bench.Api.GetAsync(rollout)).At("safe_to_revoke")); // tasks run on the old one

        tasks.ForEach(task => task.End());
        await UntilAsync(bench, async () => (await bench.Api.GetAsync(rollout)).At("safe_to_revoke") == "true", "nothing uses the old one any more");
        Assert.Empty(bench.Engine.Calls.Changes);
        Assert.All(Names, name => Assert.Empty(bench.Engine.Agent(name).Cut));
    }

    // HZ-8: the request does not wait for the agents, and they are told a few at a time
    [Fact]
    public async Task RollOver_AnswersAtOnce_AndTellsAFewAtATime()
    {
        string[] names = [.. Names, .. Enumerable.Range(0, AgentWork.Parallel).Select(number => $"b{number}")];
        await using var bench = await StartAsync(looks: false, names);
        var gates = names.Select(name => bench.Engine.Script(name).Hold(AgentScript.Reload)).ToList();

        await bench.PutSubscriptionAsync("first"); // returns
        var look = bench.LookAsync();
        await WhenArrivedAsync(gates, AgentWork.Parallel);
        Assert.Equal(AgentWork.Parallel, gates.Sum(gate => gate.Arrived));

        gates.ForEach(gate => gate.Open());
        await look;
        Assert.All(names, name => Assert.Equal(2, bench.Engine.Agent(name).Credential.Generation));
    }

    // HR-35: a reply that waits says how each agent took it
    [Fact]
    public async Task RollOver_Waiting_AnswersWhenAllHaveIt()
    {
        await using var bench = await StartAsync(looks: true);

        var token = Canaries.New("anthropic-oauth");
        var put = (await bench.Api.PostAsync("subscriptions?wait=applied", $$"""{"name": "first", "token": "{{token}}"}""")).Is(200);

        var agents = put.Json["rollout"]!["agents"]!.AsArray();
        Assert.Equal(Names, agents.Select(agent => agent!["agent"]!.GetValue<string>()).Order(StringComparer.Ordinal));
        Assert.All(agents, agent => Assert.True(agent!["applied"]!.GetValue<bool>()));
        Assert.All(Names, name => Assert.Equal(token, bench.Engine.Agent(name).Credential.Token!.Reveal()));
    }

    // HR-35: a first registration concerns nobody
    [Fact]
    public async Task FirstRegistration_IsNoRollout()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        bench.Engine.Script("a").Forget();

        var put = (await bench.Api.PostAsync("subscriptions", $$"""{"name": "second", "token": "{{Canaries.New("anthropic-oauth")}}"}""")).Is(201);
        await bench.LookAsync();

        Assert.Null(put.At("rollout"));
        Assert.Empty(bench.Engine.Script("a").Requests);
    }

    [Fact]
    public async Task ControlPlane_KilledInTheMiddle_TheOtherFinishes()
    {
        await using var bench = await StartAsync(looks: false);
        var killed = await bench.AddHostAsync();
        var other = await bench.AddHostAsync();
        var gates = Names.Take(Agents - 1).Select(name => bench.Engine.Script(name).Hold(AgentScript.Reload, times: 1)).ToList(); // one has it before the end
        bench.Engine.Calls.Forget();
        var token = await bench.PutSubscriptionAsync("first");
        using var power = new CancellationTokenSource();
        var look = bench.LookAsync(killed, power.Token);
        await WhenArrivedAsync(gates, Agents - 1);

        await power.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => look);
        await bench.EndAsync(killed);
        Array.ForEach(Names, name => bench.Engine.Script(name).Recover());
        await bench.LookAsync(other);

        Assert.All(Names, name => Assert.Equal(token, bench.Engine.Agent(name).Credential.Token!.Reveal()));
        gates.ForEach(gate => gate.Open()); // what the killed one sent comes late, and changes nothing
        foreach (var name in Names)
        {
            await bench.Engine.Script(name).WhenAsync(script => script.Reloads.All(reload => reload.Status == 200), "all that was sent is answered");
            Assert.Equal(2, bench.Engine.Agent(name).Credential.Generation);
            Assert.Equal("2", (await bench.GetAsync(name)).At("auth.acknowledged_generation"));
        }

        Assert.Empty(bench.Engine.Calls.Changes);
    }

    // Nobody has looked yet when the control plane that took the change is gone.
    [Fact]
    public async Task ControlPlane_GoneAfterTheWrite_AnotherLearnsOfItByItself()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        await bench.AddHostAsync(looks: true);

        var token = await bench.PutSubscriptionAsync("first"); // by the first, which does not look

        await bench.Engine.Script("a").WhenAppliedAsync(2);
        Assert.Equal(token, bench.Engine.Agent("a").Credential.Token!.Reveal());
    }

    private static async Task<AgentsBench> StartAsync(bool looks, string[]? names = null)
    {
        var bench = await AgentsBench.StartAsync(looks);
        await Task.WhenAll((names ?? Names).Select(name => bench.CreateAsync(name)));
        return bench;
    }

    private static Task WhenArrivedAsync(List<Gate> gates, int count) =>
        Eventually.TrueAsync(() => gates.Sum(gate => gate.Arrived) >= count, $"{count} agents are being told");

    // Control planes look again after a second, which this clock reaches by a leap alone.
    private static Task UntilAsync(AgentsBench bench, Func<Task<bool>> condition, string because) => Eventually.TrueAsync(
        async () =>
        {
            bench.Time.Leap(TimeSpan.FromSeconds(1));
            return await condition();
        },
        because);

    private static async Task<int> CountAsync(AgentsBench bench, string rollout, string result)
    {
        var report = (await bench.Api.GetAsync(rollout)).Is(200);
        return report.Json["agents"]!.AsArray().Count(agent => agent!["result"]?.GetValue<string>() == result && agent["applied"]!.GetValue<bool>() == (result == "hot_reloaded"));
    }
}
