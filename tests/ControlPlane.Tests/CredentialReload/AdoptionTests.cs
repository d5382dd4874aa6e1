using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.CredentialReload;

/// <summary>SB-9: agents that lost their credential get a subscription when there is one again, and what they execute meanwhile is left alone.</summary>
public sealed class AdoptionTests : IAsyncLifetime
{
    private const string ApiKey = "\"auth\": \"api_key\"";

    private AgentsBench _bench = null!;

    public async ValueTask InitializeAsync() => _bench = await AgentsBench.StartAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task NewSubscription_AgentWhoseOwnWasDeleted_GetsIt_AndWhatRunsFinishes()
    {
        await _bench.CreateAsync("a");
        var agent = _bench.Engine.Agent("a");
        var task = agent.Begin();
        await LoseSubscriptionAsync();
        _bench.Engine.Calls.Forget();

        var token = await _bench.PutSubscriptionAsync("second");
        await _bench.LookAsync();

        Assert.Equal((token, 3), (agent.Credential.Token!.Reveal(), agent.Credential.Generation));
        Assert.Empty(_bench.Engine.Calls.Changes); // no container was touched
        Assert.Empty(agent.Cut);
        task.End();
        var seen = await _bench.GetAsync("a");
        Assert.Equal(("subscription", "second", "3"), (seen.At("auth.mode"), seen.At("auth.subscription"), seen.At("auth.acknowledged_generation")));
        Assert.True(await _bench.Database.ScalarAsync<bool>("select k.revoked_at is null from agents a join virtual_keys k on k.id = a.virtual_key_id where a.name = 'a'"));
        Assert.Equal("subscription_assigned", Assert.Single(await TimelineAsync("a")));
        Assert.Equal(1, await _bench.Database.ScalarAsync<long>("select count(*) from audit_events where actor = 'adoption' and target = 'a'"));
    }

    [Fact]
    public async Task NewSubscription_TheControlPlaneThatTookItIsKilled_AnotherAdopts()
    {
        await _bench.CreateAsync("a");
        await LoseSubscriptionAsync();
        var other = await _bench.AddHostAsync();
        var taker = await _bench.AddHostAsync();
        (await _bench.ApiOf(taker).PostAsync("subscriptions", $$"""{"name": "second", "token": "{{Canaries.New("anthropic-oauth")}}"}""")).Is(201);
        await _bench.EndAsync(taker);

        await _bench.LookAsync(other);

        Assert.Equal("second", (await _bench.GetAsync("a")).At("auth.subscription"));
    }

    [Fact]
    public async Task NewSubscription_TwoControlPlanesLook_AgentGetsItOnce()
    {
        await _bench.CreateAsync("a");
        await LoseSubscriptionAsync();
        await _bench.PutSubscriptionAsync("second");
        await Task.WhenAll(_bench.LookAsync(), _bench.LookAsync(await _bench.AddHostAsync()));
        await _bench.LookAsync();

        Assert.Equal(3, await _bench.GenerationAsync("a"));
        Assert.Single(await TimelineAsync("a"));
    }

    [Fact]
    public async Task NewSubscription_AgentThatIsToHaveNothing_IsLeftAlone()
    {
        await _bench.CreateAsync("wanted-so", "\"auth\": \"none\"");
        await _bench.CreateAsync("set-so");
        await LoseSubscriptionAsync();
        (await _bench.Api.PatchAsync("agents/set-so", """{"auth": "api_key"}""")).Is(200);
        (await _bench.Api.PatchAsync("agents/set-so", """{"auth": "none"}""")).Is(200);

        await _bench.PutSubscriptionAsync("second");
        await _bench.LookAsync();

        Assert.Equal(("none", "none"), ((await _bench.GetAsync("wanted-so")).At("auth.mode"), (await _bench.GetAsync("set-so")).At("auth.mode")));
        Assert.Empty(await TimelineAsync("wanted-so"));
        Assert.Empty(await TimelineAsync("set-so"));
    }

    [Fact]
    public async Task NewSubscription_OperatorWasFaster_AgentKeepsWhatItWasGiven()
    {
        await _bench.CreateAsync("a");
        await LoseSubscriptionAsync();
        await _bench.PutSubscriptionAsync("second");
        (await _bench.Api.PatchAsync("agents/a", """{"auth": "api_key"}""")).Is(200);

        await _bench.LookAsync();
        await _bench.LookAsync();

        Assert.Equal("api_key", (await _bench.GetAsync("a")).At("auth.mode"));
        Assert.Equal(3, await _bench.GenerationAsync("a"));
        Assert.Equal(0, await MarkedAsync());
    }

    [Fact]
    public async Task RollOver_IsNoNewSubscription()
    {
        await _bench.CreateAsync("a");
        await _bench.PutSubscriptionAsync("second");
        await LoseSubscriptionAsync();

        await _bench.PutSubscriptionAsync("second");
        await _bench.LookAsync();

        Assert.Equal("none", (await _bench.GetAsync("a")).At("auth.mode"));
    }

    [Fact]
    public async Task LastKeyRemoved_AgentThatWorkedWithIt_GetsASubscription()
    {
        await _bench.CreateAsync("a", ApiKey);
        await _bench.CreateAsync("idle", "\"runtime\": \"command\", \"command\": [\"true\"], \"auth\": \"none\"");
        var agent = _bench.Engine.Agent("a");
        agent.Begin();
        _bench.Engine.Calls.Forget();

        await RemoveKeysAsync();
        await _bench.LookAsync();

        Assert.Equal((_bench.Token, 2), (agent.Credential.Token!.Reveal(), agent.Credential.Generation));
        Assert.Equal("first", (await _bench.GetAsync("a")).At("auth.subscription"));
        Assert.Equal("none", (await _bench.GetAsync("idle")).At("auth.mode"));
        Assert.Empty(_bench.Engine.Calls.Changes);
        Assert.Empty(agent.Cut);
    }

    [Fact]
    public async Task LastKeyRemoved_ThereIsOneAgainBeforeAnybodyLooked_AgentIsLeftAlone()
    {
        await _bench.CreateAsync("a", ApiKey);

        await RemoveKeysAsync();
        (await _bench.Api.PatchAsync("providers/anthropic", $$"""{"api_keys": [{"api_key": "{{Canaries.New("anthropic-key")}}"}]}""")).Is(200);
        await _bench.LookAsync();

        Assert.Equal("api_key", (await _bench.GetAsync("a")).At("auth.mode"));
        Assert.Equal(0, await MarkedAsync());
    }

    [Fact]
    public async Task LastKeyRemoved_NoSubscription_OperatorsHearOfItOnce()
    {
        await _bench.CreateAsync("a", ApiKey);
        await LoseSubscriptionAsync();

        await RemoveKeysAsync();
        await _bench.LookAsync();
        await _bench.LookAsync();

        Assert.Equal("api_key", (await _bench.GetAsync("a")).At("auth.mode"));
        Assert.Equal("subscription_not_assigned", Assert.Single(await TimelineAsync("a")));
        var notice = Assert.Single((await _bench.Api.GetAsync("notifications?agent=a")).Is(200).Items)!;
        Assert.Equal(("high", "a has no credential. No subscription takes new work now."), (notice["severity"]!.GetValue<string>(), notice["title"]!.GetValue<string>()));
    }

    private async Task LoseSubscriptionAsync()
    {
        (await _bench.Api.DeleteAsync("subscriptions/first")).Is(204);
        await _bench.LookAsync();
    }

    private async Task RemoveKeysAsync() => (await _bench.Api.PatchAsync("providers/anthropic", """{"api_keys": []}""")).Is(200);

    private async Task<IReadOnlyList<string>> TimelineAsync(string agent) =>
        [.. (await _bench.Api.GetAsync($"agents/{agent}/timeline")).Is(200).Items.Select(entry => entry!["kind"]!.GetValue<string>())];

    private Task<long> MarkedAsync() => _bench.Database.ScalarAsync<long>("select count(*) from agents where adopt");
}
