using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.CredentialReload;

/// <summary>A credential that was taken away does not come back by itself, whatever is stopped and started.</summary>
public sealed class RevocationTests : IAsyncLifetime
{
    private AgentsBench _bench = null!;

    public async ValueTask InitializeAsync()
    {
        _bench = await AgentsBench.StartAsync();
        await _bench.CreateAsync("a");
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    // HZ-2
    [Fact]
    public async Task AssignedBackWhileStopped_StartsOnThat_NotOnWhatTheFileSays()
    {
        await _bench.PutSubscriptionAsync("second");
        (await _bench.AssignAsync("a", "second")).Is(200);
        (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        Assert.Equal("not_running", (await _bench.AssignAsync("a", "first")).Is(200).At("restart_result"));

        var started = (await _bench.Api.PostAsync("agents/a/start")).Is(200);

        Assert.Equal(("hot_reloaded", "3"), (started.At("restart_result"), started.At("agent.auth.acknowledged_generation")));
        Assert.Equal((_bench.Token, 3), (_bench.Engine.Agent("a").Credential.Token!.Reveal(), _bench.Engine.Agent("a").Credential.Generation));
    }

    // HZ-2: somebody starts the container behind our back, and a task is sent at once
    [Fact]
    public async Task AssignedBackWhileStopped_ATaskNeverBeginsOnWhatTheFileSays()
    {
        var second = await _bench.PutSubscriptionAsync("second");
        (await _bench.AssignAsync("a", "second")).Is(200);
        (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        (await _bench.AssignAsync("a", "first")).Is(200);
        await _bench.Engine.StartAsync("trinity-agent-a", Timeouts.Token);
        Assert.Equal(second, _bench.Engine.Agent("a").Credential.Token!.Reveal()); // so the file says

        var task = (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "true"}""")).Is(200);

        Assert.Equal(("3", "completed"), (task.At("task.generation"), task.At("task.outcome")));
        Assert.Equal(_bench.Token, _bench.Engine.Agent("a").Credential.Token!.Reveal());
    }

    // HZ-4
    [Fact]
    public async Task SubscriptionDeleted_RunningAgent_HasNothing_AndWhatRanFinishes()
    {
        var agent = _bench.Engine.Agent("a");
        var task = agent.Begin();
        _bench.Engine.Calls.Forget();

        (await _bench.Api.DeleteAsync("subscriptions/first")).Is(204);
        await _bench.LookAsync();

        Assert.True(agent.Credential.IsRevoked);
        Assert.Null(agent.Credential.Token);
        Assert.Empty(_bench.Engine.Calls.Changes);
        Assert.Equal(_bench.Token, task.Token);
        var seen = await _bench.GetAsync("a");
        Assert.Equal(("none", null, "1"), (seen.At("auth.mode"), seen.At("auth.subscription"), seen.At("running_tasks[0].generation")));
        (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "true"}""")).IsProblem(503);
    }

    // its virtual key was revoked when nothing used it any more
    [Theory]
    [InlineData("deleted")]
    [InlineData("direct")]
    public async Task WorkedWithoutItsVirtualKey_AndIsToUseOneAgain_GetsOneThatIsValid(string meanwhile)
    {
        (await (meanwhile == "deleted" ? _bench.Api.DeleteAsync("subscriptions/first") : _bench.Api.PatchAsync("agents/a", """{"via": "provider"}"""))).Is(meanwhile == "deleted" ? 204 : 200);
        const string revoked = "select count(*) from virtual_keys where revoked_at is not null";
        await Eventually.TrueAsync(
            async () =>
            {
                await _bench.LookAsync();
                return await _bench.Database.ScalarAsync<long>(revoked) == 1;
            },
            "its key is revoked");

        await _bench.PutSubscriptionAsync("second");
        (await _bench.AssignAsync("a", "second")).Is(200);
        (await _bench.Api.PatchAsync("agents/a", """{"via": "bridge"}""")).Is(200);

        Assert.True(await _bench.Database.ScalarAsync<bool>("select k.revoked_at is null from agents a join virtual_keys k on k.id = a.virtual_key_id where a.name = 'a'"));
        Assert.Equal("completed", (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "true"}""")).Is(200).At("task.outcome"));
    }

    // HZ-4: not even after raw restarts
    [Fact]
    public async Task SubscriptionDeleted_StaysSo_OverRawRestarts()
    {
        (await _bench.Api.DeleteAsync("subscriptions/first")).Is(204);
        await _bench.LookAsync();

        for (var restart = 0; restart < 2; restart++)
        {
            await _bench.Engine.StopAsync("trinity-agent-a", TimeSpan.Zero, Timeouts.Token);
            await _bench.Engine.StartAsync("trinity-agent-a", Timeouts.Token);
            Assert.True(_bench.Engine.Agent("a").Credential.IsRevoked);
        }
    }

    // HZ-4
    [Fact]
    public async Task SubscriptionDeleted_StoppedAgent_HasNothingOnceItIsStarted()
    {
        (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        (await _bench.Api.DeleteAsync("subscriptions/first")).Is(204);

        (await _bench.Api.PostAsync("agents/a/start")).Is(200);

        Assert.True(_bench.Engine.Agent("a").Credential.IsRevoked);
        await _bench.Engine.StopAsync("trinity-agent-a", TimeSpan.Zero, Timeouts.Token);
        await _bench.Engine.StartAsync("trinity-agent-a", Timeouts.Token);
        Assert.True(_bench.Engine.Agent("a").Credential.IsRevoked);
    }

    // HZ-4: the agent cannot be told now
    [Fact]
    public async Task SubscriptionDeleted_AgentOutOfReach_IsToldLater()
    {
        _bench.Engine.Script("a").Cut(AgentScript.All);
        (await _bench.Api.DeleteAsync("subscriptions/first")).Is(204);
        await _bench.LookAsync();
        Assert.Equal("pending", (await _bench.GetAsync("a")).At("auth.delivery"));
        Assert.False(_bench.Engine.Agent("a").Credential.IsRevoked);

        _bench.Engine.Script("a").Recover();
        _bench.Time.Leap(TimeSpan.FromSeconds(30));
        await _bench.LookAsync();

        Assert.True(_bench.Engine.Agent("a").Credential.IsRevoked);
    }

    [Fact]
    public async Task Cleared_ThenAssignedAgain_WorksAgain()
    {
        (await _bench.Api.DeleteAsync("agents/a/subscription")).Is(200);
        Assert.True(_bench.Engine.Agent("a").Credential.IsRevoked);

        Assert.Equal("hot_reloaded", (await _bench.AssignAsync("a", "first")).Is(200).At("restart_result"));

        Assert.Equal((_bench.Token, 3), (_bench.Engine.Agent("a").Credential.Token!.Reveal(), _bench.Engine.Agent("a").Credential.Generation));
    }

    [Fact]
    public async Task VirtualKey_LivesUntilTheLastTaskThatHasIt()
    {
        var agent = _bench.Engine.Agent("a");
        var task = agent.Begin();
        var old = (await _bench.GetAsync("a")).At("auth.virtual_key_id");

        Assert.Equal("hot_reloaded", (await _bench.Api.PostAsync("agents/a/rotate-key")).Is(200).At("restart_result"));
        await LookLaterAsync();
        Assert.NotEqual(old, (await _bench.GetAsync("a")).At("auth.virtual_key_id"));
        Assert.Equal(0, await RevokedAsync(old));

        task.End();
        await LookLaterAsync();
        Assert.Equal(1, await RevokedAsync(old));
    }

    private async Task LookLaterAsync()
    {
        _bench.Time.Leap(TimeSpan.FromSeconds(20));
        await _bench.LookAsync();
    }

    private Task<long> RevokedAsync(string? key) => _bench.Database.ScalarAsync<long>($"select count(*) from virtual_keys where id = '{key}' and revoked_at is not null");
}
