using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.CredentialReload;

/// <summary>A change of a provider, of a virtual key or of the bridge's address reaches the agents that it concerns, in the same rollout as the bridges.</summary>
public sealed class PairingTests
{
    [Fact]
    public async Task Rotate_AgentThatHoldsTheKey_IsHotReloaded_InTheSameRollout()
    {
        await using var bench = await StartDirectAsync();
        var task = bench.Engine.Agent("a").Begin();
        var replica = await bench.Host.AddReplicaAsync(await bench.Host.RevisionAsync());
        bench.Engine.Calls.Forget();

        var key = Canaries.New("anthropic-key");
        var rotated = (await bench.Api.PostAsync("providers/direct/rotate", $$"""{"api_key": "{{key}}"}""")).Is(202);
        var rollout = rotated.Header("Location")!;
        var before = (await bench.Api.GetAsync(rollout)).Is(200);
        Assert.Equal(("a", "false", "false"), (before.At("agents[0].agent"), before.At("agents[0].applied"), before.At("replicas[0].applied")));

        await bench.LookAsync();
        await bench.Host.SetReplicaAsync(replica, $"generation = {await bench.Host.RevisionAsync()}");

        Assert.Equal(key, bench.Engine.Agent("a").Credential.ApiKey!.Reveal());
        Assert.Empty(bench.Engine.Calls.Changes);
        var during = (await bench.Api.GetAsync(rollout)).Is(200);
        Assert.Equal(("true", "1", "true"), (during.At("agents[0].applied"), during.At("agents[0].running_on_old"), during.At("replicas[0].applied")));
        Assert.Equal("false", during.At("safe_to_revoke")); // the bridges are clear, the agent is not

        task.End();
        await LookLaterAsync(bench);
        Assert.Equal("true", (await bench.Api.GetAsync(rollout)).At("safe_to_revoke"));
        await bench.Host.SetReplicaAsync(replica, "generation = 0");
        Assert.Equal("false", (await bench.Api.GetAsync(rollout)).At("safe_to_revoke")); // and the other way round
    }

    [Fact]
    public async Task Rotate_AgentThroughTheBridge_IsNotConcerned()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a", "\"auth\": \"api_key\"");

        var rotated = (await bench.Api.PostAsync("providers/anthropic/rotate", $$"""{"api_key": "{{Canaries.New("anthropic-key")}}"}""")).Is(202);

        Assert.Empty((await bench.Api.GetAsync(rotated.Header("Location")!)).Is(200).Json["agents"]!.AsArray());
        Assert.Equal(1, await bench.GenerationAsync("a"));
    }

    [Fact]
    public async Task ProviderMoved_AgentHasTheNewAddress_AndARolloutSaysSo()
    {
        await using var bench = await StartDirectAsync();

        var moved = (await bench.Api.PatchAsync("providers/direct", """{"base_url": "https://elsewhere.example.com/"}""")).Is(200);
        await bench.LookAsync();

        Assert.Equal("https://elsewhere.example.com", bench.Engine.Agent("a").Credential.BaseUrl);
        Assert.Equal("true", (await bench.Api.GetAsync(moved.Header("Trinity-Rollout")!)).Is(200).At("agents[0].applied"));
    }

    [Fact]
    public async Task ProviderRenamedForPeople_ConcernsNoAgent()
    {
        await using var bench = await StartDirectAsync();

        Assert.Null((await bench.Api.PatchAsync("providers/direct", """{"display_name": "Direct"}""")).Is(200).Header("Trinity-Rollout"));

        Assert.Equal(1, await bench.GenerationAsync("a"));
    }

    [Theory]
    [InlineData("delete")]
    [InlineData("disable")]
    public async Task ProviderTakenAway_TheKeyLeavesTheAgent(string how)
    {
        await using var bench = await StartDirectAsync();

        await (how == "delete" ? bench.Api.DeleteAsync("providers/direct") : bench.Api.PatchAsync("providers/direct", """{"enabled": false}"""));
        await bench.LookAsync();

        Assert.True(bench.Engine.Agent("a").Credential.IsRevoked);
        Assert.Null(bench.Engine.Agent("a").Credential.ApiKey);
    }

    [Fact]
    public async Task BridgeMoved_EveryAgentThroughItHasTheNewAddress()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        bench.Engine.Calls.Forget();

        await bench.AddHostAsync(looks: true, "--ControlPlane:BridgeUrl", "http://bridge.example.com:8787/");

        await bench.Engine.Script("a").WhenAppliedAsync(2);
        Assert.Equal("http://bridge.example.com:8787/anthropic", bench.Engine.Agent("a").Credential.BaseUrl);
        Assert.Empty(bench.Engine.Calls.Changes);
    }

    [Fact]
    public async Task VirtualKeyOfAnAgent_IsNotRevokedBehindItsBack()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        var key = (await bench.GetAsync("a")).At("auth.virtual_key_id");

        var refused = (await bench.Api.DeleteAsync($"virtual-keys/{key}")).IsProblem(409);

        Assert.Contains("agents/a/rotate-key", refused.At("detail")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task RotateKey_IsARolloutOfItsOwn_ThatEndsWithTheOldKey()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        var old = bench.Engine.Agent("a").Credential.VirtualKey!.Reveal();

        var rotated = (await bench.Api.PostAsync("agents/a/rotate-key")).Is(200);

        Assert.NotEqual(old, bench.Engine.Agent("a").Credential.VirtualKey!.Reveal());
        var rollout = (await bench.Api.GetAsync(rotated.At("rollout")!)).Is(200);
        Assert.Equal(("agent a", "true", "true"), (rollout.At("subject"), rollout.At("agents[0].applied"), rollout.At("safe_to_revoke")));
    }

    // An agent that holds the key of the provider "direct" itself.
    private static async Task<AgentsBench> StartDirectAsync()
    {
        var bench = await AgentsBench.StartAsync();
        (await bench.Api.PostAsync("providers", $$"""{"name": "direct", "type": "anthropic", "api_keys": ["{{Canaries.New("anthropic-key")}}"]}""")).Is(201);
        await bench.CreateAsync("a", "\"auth\": \"api_key\", \"provider\": \"direct\", \"via\": \"provider\"");
        return bench;
    }

    private static async Task LookLaterAsync(AgentsBench bench)
    {
        bench.Time.Leap(TimeSpan.FromSeconds(20));
        await bench.LookAsync();
    }
}
