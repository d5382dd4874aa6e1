using System.Diagnostics;
using System.Globalization;
using System.Text.Json;

namespace Trinity.EndToEnd.Tests.Agents;

/// <summary>One subscription's new token reaches all of its agents, whoever is broken or killed.</summary>
[Collection(AgentGroup.Name)]
public sealed class FanOutTests(AgentServices services, ITestOutputHelper output)
{
    private const int Agents = 10;
    private static readonly TimeSpan Generous = TimeSpan.FromSeconds(15); // for a loaded machine; what it takes is printed. Waiting for the broken one would take longer.

    [Fact]
    public async Task Rollover_TenAgentsOneBroken_NineHaveItAndTheTenthWhenItAnswersAgain()
    {
        await using var bench = await AgentBench.StartAsync(services);
        var agents = await AddAsync(bench, Agents);
        var broken = agents[4];
        var before = await IdentitiesAsync(agents);
        await FreezeAsync(broken);

        var next = Canaries.New("anthropic-oauth");
        var started = Stopwatch.GetTimestamp();
        var rollout = (await bench.PutTokenAsync(next)).GetProperty("rollout");
        await WhenAppliedAsync(bench, rollout, Agents - 1);
        var elapsed = Stopwatch.GetElapsedTime(started);
        var without = await bench.RolloutAsync(rollout);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Agents - 1} agents had the new token after {elapsed.TotalMilliseconds:0} ms."));

        // And again while the broken one is waited for: it holds up nobody.
        var last = Canaries.New("anthropic-oauth");
        started = Stopwatch.GetTimestamp();
        rollout = (await bench.PutTokenAsync(last)).GetProperty("rollout");
        await WhenAppliedAsync(bench, rollout, Agents - 1);
        var second = Stopwatch.GetElapsedTime(started);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"And the next one after {second.TotalMilliseconds:0} ms."));
        await ThawAsync(broken);
        await bench.WhenSafeToRevokeAsync(rollout);

        Assert.InRange(elapsed, TimeSpan.Zero, Generous);
        Assert.InRange(second, TimeSpan.Zero, Generous);
        Assert.False(without.GetProperty("safe_to_revoke").GetBoolean());
        Assert.Equal([broken.Name], Unapplied(without));
        Assert.All(await Task.WhenAll(agents.Select(agent => agent.FingerprintInUseAsync())), fingerprint => Assert.Equal(AgentBench.FingerprintOf(last), fingerprint));
        Assert.Equal(before, await IdentitiesAsync(agents));
    }

    [Fact]
    public async Task Rollovers_ThroughTwoControlPlanesAtOnce_AgentsEndOnTheLastToken()
    {
        await using var bench = await AgentBench.StartAsync(services);
        var agents = await AddAsync(bench, 3);
        var before = await IdentitiesAsync(agents);
        var (process, address) = await services.StartControlPlaneAsync();
        await using var second = process;
        using var other = new ControlPlaneClient(address, services.OperatorToken);

        const int Rollovers = 8;
        await Task.WhenAll(Enumerable.Range(0, Rollovers).Select(number =>
            (number % 2 == 0 ? bench.ControlPlane : other).PostAsync("/api/v1/subscriptions?wait=applied", new { name = bench.Subscription, token = Canaries.New("anthropic-oauth") })));
        var subscription = await other.GetAsync($"/api/v1/subscriptions/{bench.Subscription}");
        foreach (var agent in agents)
        {
            await Eventually.TrueAsync(async () => IsUpToDate(await agent.ViewAsync()), $"{agent.Name} has the last token");
        }

        Assert.Equal(1 + Rollovers, subscription.GetProperty("token_generation").GetInt32());
        Assert.All(await Task.WhenAll(agents.Select(agent => agent.RunAsync(BenchAgent.PrintFingerprint))), task =>
            Assert.Equal((subscription.GetProperty("fingerprint").GetString()!, 1L + Rollovers), (task.Response, task.Generation)));
        Assert.Equal(before, await IdentitiesAsync(agents));
    }

    [Fact]
    public async Task Rollover_ControlPlaneIsKilledInTheMiddle_TheOtherFinishes()
    {
        await using var bench = await AgentBench.StartAsync(services);
        var agents = await AddAsync(bench, 3);
        var before = await IdentitiesAsync(agents);
        await Task.WhenAll(agents[1..].Select(FreezeAsync)); // so that it has a middle
        var (process, address) = await services.StartControlPlaneAsync();
        await using var killed = process;
        using var other = new ControlPlaneClient(address, services.OperatorToken);

        var next = Canaries.New("anthropic-oauth");
        var rollout = (await other.PostAsync("/api/v1/subscriptions", new { name = bench.Subscription, token = next })).GetProperty("rollout");
        await WhenAppliedAsync(bench, rollout, 1);
        await killed.KillAsync();
        await Task.WhenAll(agents[1..].Select(ThawAsync));
        await bench.WhenSafeToRevokeAsync(rollout);

        Assert.All(await Task.WhenAll(agents.Select(agent => agent.FingerprintInUseAsync())), fingerprint => Assert.Equal(AgentBench.FingerprintOf(next), fingerprint));
        Assert.Equal(before, await IdentitiesAsync(agents));
    }

    private static Task<BenchAgent[]> AddAsync(AgentBench bench, int count) => Task.WhenAll(Enumerable.Range(0, count).Select(number => bench.AddShellAsync($"a{number}")));

    private static Task<ContainerIdentity[]> IdentitiesAsync(BenchAgent[] agents) => Task.WhenAll(agents.Select(agent => agent.IdentityAsync()));

    // Its port still takes connections; nobody answers.
    private static Task FreezeAsync(BenchAgent agent) => agent.ExecAsync("pkill -STOP -x dotnet");

    private static Task ThawAsync(BenchAgent agent) => agent.ExecAsync("pkill -CONT -x dotnet");

    private static Task WhenAppliedAsync(AgentBench bench, JsonElement rollout, int count) =>
        Eventually.TrueAsync(async () => Applied(await bench.RolloutAsync(rollout)) == count, $"{count} agents have the new token");

    private static int Applied(JsonElement rollout) => rollout.GetProperty("agents").EnumerateArray().Count(agent => agent.GetProperty("applied").GetBoolean());

    private static IEnumerable<string?> Unapplied(JsonElement rollout) =>
        rollout.GetProperty("agents").EnumerateArray().Where(agent => !agent.GetProperty("applied").GetBoolean()).Select(agent => agent.GetProperty("agent").GetString());

    private static bool IsUpToDate(JsonElement agent)
    {
        var auth = agent.GetProperty("auth");
        return auth.GetProperty("acknowledged_generation").GetInt64() == auth.GetProperty("generation").GetInt64();
    }
}
