using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.Agents;

/// <summary>What agents work with is in no reply, log, metric, audit entry, label, event or container's environment; every reply, and in the end all the rest, is searched.</summary>
public sealed class AgentSecretTests
{
    [Theory]
    [InlineData("bridge")]
    [InlineData("provider")]
    public async Task WholeLife_ShowsNoSecret(string via)
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a", $"\"subscription\": \"first\", \"via\": \"{via}\"");
        await bench.PutSubscriptionAsync("second");
        (await bench.AssignAsync("a", "second")).Is(200);
        await bench.PutSubscriptionAsync("second");
        await bench.LookAsync();
        (await bench.Api.PatchAsync("agents/a", """{"auth": "api_key"}""")).Is(200);
        (await bench.Api.PostAsync("agents/a/tasks", """{"prompt": "env; cat ~/.claude* /proc/self/environ 2>&1"}""")).Is(200); // the agent masks what its tasks print
        (await bench.Api.PostAsync("agents/a/stop")).Is(200);
        (await bench.Api.PostAsync("agents/a/start")).Is(200);
        (await bench.Api.PostAsync("agents/a/recreate")).Is(200);
        foreach (var path in (string[])["agents", "agents/a", "agents/a/auth", "agents/a/tasks", "agents/a/logs", "rollouts", "audit", "virtual-keys", "subscriptions", "/metrics"])
        {
            (await bench.Api.GetAsync(path)).Is(200);
        }

        (await bench.Api.DeleteAsync("subscriptions/second")).Is(204);
        (await bench.Api.DeleteAsync("agents/a")).Is(204);
    }

    // An agent that was talked into it repeats what it was given wherever it can.
    [Fact]
    public async Task Agent_ThatRepeatsItsCredential_IsNotPassedOn()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        var token = await bench.PutSubscriptionAsync("second");
        var script = bench.Engine.Script("a");
        foreach (var status in (int[])[200, 400, 409, 500])
        {
            script.Answer("/api/credentials", status, $$"""{"code": "{{token[^40..]}}", "status": "{{token}}", "generation": "{{token}}", "fingerprint": "{{token}}", "title": "{{token}}", "detail": "{{token}}"}""");
            (await bench.AssignAsync("a", status % 200 == 0 ? "second" : "first")).Is(200);
            await bench.GetAsync("a");
            script.Recover();
            bench.Time.Leap(TimeSpan.FromSeconds(31));
            await bench.LookAsync();
        }
    }

    // The search must be able to find something.
    [Fact]
    public async Task Search_FindsASecretInAContainer()
    {
        var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        bench.AssertNoSecrets();
        var spec = bench.Engine.Container("a").Spec;
        await bench.Engine.CreateAsync(spec with { Name = "leaky", Environment = new Dictionary<string, string> { ["X"] = bench.Token } }, Timeouts.Token);

        Assert.Throws<CanaryLeakException>(bench.AssertNoSecrets);
        await Assert.ThrowsAsync<CanaryLeakException>(async () => await bench.DisposeAsync());
    }
}
