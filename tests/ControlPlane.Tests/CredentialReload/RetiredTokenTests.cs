using Trinity.ControlPlane.Tests.Agents.Support;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Rollouts;

namespace Trinity.ControlPlane.Tests.CredentialReload;

/// <summary>A token was rolled over, and is in use all the same: again, by another subscription, or by tasks of an agent that has left it.</summary>
public sealed class RetiredTokenTests : IAsyncLifetime
{
    private AgentsBench _bench = null!;

    public async ValueTask InitializeAsync()
    {
        _bench = await AgentsBench.StartAsync();
        await _bench.CreateAsync("a");
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task RolledOverAndBack_IsNotSafe_UntilItIsRolledOverAgain()
    {
        var there = await RollOverAsync("first", Canaries.New("anthropic-oauth"));
        await _bench.LookAsync();
        Assert.True((await _bench.Api.ReadAsync(there)).SafeToRevoke());

        var back = await RollOverAsync("first", _bench.Token);
        await _bench.LookAsync();
        there = await _bench.Api.ReadAsync(there);
        Assert.False(there.SafeToRevoke());
        Assert.Contains("The same key is configured for subscription 'first'", there.WaitingFor(), StringComparison.Ordinal);
        Assert.Contains("Agent a does not work with the new credential yet", there.WaitingFor(), StringComparison.Ordinal);
        Assert.True((await _bench.Api.ReadAsync(back)).SafeToRevoke()); // the token between them

        await RollOverAsync("first", Canaries.New("anthropic-oauth"));
        Assert.False((await _bench.Api.ReadAsync(there)).SafeToRevoke()); // the agent has not got it yet
        await _bench.LookAsync();
        Assert.True((await _bench.Api.ReadAsync(there)).SafeToRevoke());
    }

    [Fact]
    public async Task AnotherSubscriptionHasTheSameToken_IsNotSafe_UntilItsAgentsHaveAnother()
    {
        (await _bench.Api.PostAsync("subscriptions", Subscription("second", _bench.Token))).Is(201);
        await _bench.CreateAsync("b", "\"subscription\": \"second\"");
        var rollout = await RollOverAsync("first", Canaries.New("anthropic-oauth"));
        await _bench.CreateAsync("c", "\"subscription\": \"second\"");
        await _bench.LookAsync();
        rollout = await _bench.Api.ReadAsync(rollout);
        Assert.False(rollout.SafeToRevoke());
        Assert.Contains("The same key is configured for subscription 'second'", rollout.WaitingFor(), StringComparison.Ordinal);
        Assert.Equal("a", Assert.Single(rollout.Json["agents"]!.AsArray())!["agent"]!.GetValue<string>()); // the others were told nothing

        await RollOverAsync("second", Canaries.New("anthropic-oauth"));
        rollout = await _bench.Api.ReadAsync(rollout);
        Assert.False(rollout.SafeToRevoke());
        Assert.Contains("Agent b may still work with the old credential.", rollout.WaitingFor(), StringComparison.Ordinal);
        Assert.Contains("Agent c may still work with the old credential.", rollout.WaitingFor(), StringComparison.Ordinal);

        await _bench.LookAsync();
        Assert.True((await _bench.Api.ReadAsync(rollout)).SafeToRevoke());
    }

    // A wait for agents is for those that are told something.
    [Fact]
    public async Task AnotherSubscriptionHasTheSameToken_AWaitingRollOver_DoesNotWaitForItsAgents()
    {
        (await _bench.Api.PostAsync("subscriptions", Subscription("second", _bench.Token))).Is(201);
        (await _bench.AssignAsync("a", "second")).Is(200);

        var put = (await _bench.Api.PostAsync("subscriptions?wait=applied", Subscription("first", Canaries.New("anthropic-oauth")))).Is(200);

        Assert.Empty(put.Json["rollout"]!["agents"]!.AsArray());
        Assert.False(put.Json["rollout"]!["safe_to_revoke"]!.GetValue<bool>());
    }

    [Theory]
    [InlineData("ends")]
    [InlineData("is cut off")]
    public async Task AgentHasLeft_AndItsTaskGoesOn_IsNotSafeUntilThat(string how)
    {
        await _bench.PutSubscriptionAsync("second");
        var task = _bench.Engine.Agent("a").Begin();
        (await _bench.AssignAsync("a", "second")).Is(200);
        _bench.Engine.Script("a").Forget();

        var rollout = await RollOverAsync("first", Canaries.New("anthropic-oauth"));
        await LookLaterAsync();
        rollout = await _bench.Api.ReadAsync(rollout);
        Assert.False(rollout.SafeToRevoke());
        Assert.Equal("1", rollout.At("in_flight_on_old"));
        Assert.Equal("Agent a has 1 tasks that began with the old credential and run, or have left processes that do.", rollout.WaitingFor());

        if (how == "ends")
        {
            task.End();
        }
        else
        {
            (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        }

        await LookLaterAsync();
        Assert.True((await _bench.Api.ReadAsync(rollout)).SafeToRevoke());
        Assert.Empty(_bench.Engine.Script("a").Reloads); // it was told nothing
    }

    [Fact]
    public async Task AgentHasLeft_SubscriptionDeleted_WaitsForItsTask()
    {
        await _bench.PutSubscriptionAsync("second");
        var task = _bench.Engine.Agent("a").Begin();
        (await _bench.AssignAsync("a", "second")).Is(200);

        var deleted = (await _bench.Api.DeleteAsync("subscriptions/first")).Is(204);
        var path = deleted.Header("Trinity-Rollout")!["/api/v1/".Length..];
        Assert.False((await _bench.Api.GetAsync(path)).Is(200).SafeToRevoke());

        task.End();
        await LookLaterAsync();
        Assert.True((await _bench.Api.GetAsync(path)).Is(200).SafeToRevoke());
    }

    [Fact]
    public async Task AgentIsToLeave_AndIsOutOfReach_IsNotSafeUntilItHasLeft()
    {
        await _bench.PutSubscriptionAsync("second");
        _bench.Engine.Script("a").Cut(AgentScript.All);
        Assert.Equal("pending", (await _bench.AssignAsync("a", "second")).Is(200).At("restart_result"));

        var rollout = await RollOverAsync("first", Canaries.New("anthropic-oauth"));
        Assert.Contains("Agent a may still work with the old credential", (await _bench.Api.ReadAsync(rollout)).WaitingFor(), StringComparison.Ordinal);

        _bench.Engine.Script("a").Recover();
        await LookLaterAsync();
        Assert.True((await _bench.Api.ReadAsync(rollout)).SafeToRevoke());
    }

    // The same for a provider's key in an agent's own hands.
    [Fact]
    public async Task AgentHasLeftAProvidersKey_AndItsTaskGoesOn_IsNotSafeUntilThat()
    {
        await _bench.CreateAsync("direct", "\"auth\": \"api_key\", \"provider\": \"anthropic\", \"via\": \"provider\"");
        var task = _bench.Engine.Agent("direct").Begin();
        (await _bench.Api.PatchAsync("agents/direct", """{"via": "bridge"}""")).Is(200);

        var rollout = await _bench.Api.RotateAsync("anthropic");
        Assert.Equal("Agent direct has 1 tasks that began with the old credential and run, or have left processes that do.", rollout.WaitingFor());

        task.End();
        await LookLaterAsync();
        Assert.True((await _bench.Api.ReadAsync(rollout)).SafeToRevoke());
    }

    // As when the encryption key was out of reach while the generation was written down, and back when the credential was delivered.
    [Fact]
    public async Task AgentHasLeft_AndOnlyItsReportTellsWithWhat_IsNotSafeUntilItsTaskHasEnded()
    {
        await _bench.PutSubscriptionAsync("second");
        var task = _bench.Engine.Agent("a").Begin();
        await LookLaterAsync();
        await _bench.Database.ExecuteAsync("update agent_generations set fingerprint = null");
        (await _bench.AssignAsync("a", "second")).Is(200);

        var rollout = await RollOverAsync("first", Canaries.New("anthropic-oauth"));
        Assert.Equal("Agent a has 1 tasks that began with the old credential and run, or have left processes that do.", rollout.WaitingFor());

        task.End();
        await LookLaterAsync();
        Assert.True((await _bench.Api.ReadAsync(rollout)).SafeToRevoke());
    }

    [Fact]
    public async Task NoAgentEverWorkedWithIt_IsNoRollout()
    {
        await _bench.PutSubscriptionAsync("unused");

        var put = (await _bench.Api.PostAsync("subscriptions", Subscription("unused", Canaries.New("anthropic-oauth")))).Is(200);

        Assert.Null(put.At("rollout"));
    }

    // As releases wrote it that kept no fingerprint of a subscription.
    [Fact]
    public async Task FingerprintWasNotKept_IsNotTakenForSafe()
    {
        var rollout = await RollOverAsync("first", Canaries.New("anthropic-oauth"));
        await _bench.LookAsync();
        await _bench.Database.ExecuteAsync("update rollouts set fingerprints_cipher = null, fingerprints_key_id = null");

        rollout = await _bench.Api.ReadAsync(rollout);

        Assert.False(rollout.SafeToRevoke());
        Assert.Contains("is not known or cannot be decrypted", rollout.WaitingFor(), StringComparison.Ordinal);
    }

    private static string Subscription(string name, string token) => $$"""{"name": "{{name}}", "token": "{{token}}"}""";

    private async Task<ApiReply> RollOverAsync(string name, string token)
    {
        var put = (await _bench.Api.PostAsync("subscriptions", Subscription(name, token))).Is(200);
        return (await _bench.Api.GetAsync($"rollouts/{put.At("rollout.id")}")).Is(200);
    }

    private async Task LookLaterAsync()
    {
        _bench.Time.Leap(TimeSpan.FromSeconds(30));
        await _bench.LookAsync();
    }
}
