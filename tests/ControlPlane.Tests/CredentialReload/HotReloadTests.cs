using Trinity.ControlPlane.Tests.Agents.Support;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.CredentialReload;

/// <summary>A credential reaches a running agent, and nothing of it is stopped, restarted or made anew.</summary>
public sealed class HotReloadTests
{
    // HR-24, HR-31, HR-32
    [Fact]
    public async Task Assign_RunningAgent_IsHotReloaded()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        var second = await bench.PutSubscriptionAsync("second");
        var container = bench.Engine.Container("a").Id;
        var task = bench.Engine.Agent("a").Begin();
        bench.Engine.Calls.Forget();

        var reply = (await bench.AssignAsync("a", "second")).Is(200);

        Assert.Equal(("hot_reloaded", "second", "subscription"), (reply.At("restart_result"), reply.At("agent.auth.subscription"), reply.At("agent.auth.mode")));
        Assert.Equal(("2", "2", CredentialFingerprint.Of(second)), (reply.At("agent.auth.generation"), reply.At("agent.auth.acknowledged_generation"), reply.At("agent.auth.fingerprint")));
        Assert.Equal((second, 2), (bench.Engine.Agent("a").Credential.Token!.Reveal(), bench.Engine.Agent("a").Credential.Generation));
        Assert.Empty(bench.Engine.Calls.Changes);
        Assert.Equal(container, bench.Engine.Container("a").Id);
        Assert.Equal((bench.Token, 1), (task.Token, task.Generation)); // what ran goes on with what it began with
        Assert.Equal("1", reply.At("agent.running_tasks[0].generation"));
    }

    // HR-31, HR-37: a change of the auth mode is hot too, since nothing is baked
    [Fact]
    public async Task AuthMode_AnyChange_IsHotReloaded()
    {
        await using var bench = await AgentsBench.StartAsync();
        var key = Canaries.New("anthropic-key");
        (await bench.Api.PostAsync("providers", $$"""{"name": "direct", "type": "anthropic", "api_keys": ["{{key}}"]}""")).Is(201);
        await bench.CreateAsync("a", "\"auth\": \"none\", \"provider\": \"direct\", \"via\": \"provider\"");
        var agent = bench.Engine.Agent("a");
        Assert.Equal((null, null), (agent.Credential.Token, agent.Credential.ApiKey));
        bench.Engine.Calls.Forget();

        Assert.Equal("hot_reloaded", (await bench.Api.PatchAsync("agents/a", """{"auth": "api_key"}""")).Is(200).At("restart_result"));
        Assert.Equal((null, key), (agent.Credential.Token, agent.Credential.ApiKey?.Reveal()));

        Assert.Equal("hot_reloaded", (await bench.AssignAsync("a", "first")).Is(200).At("restart_result"));
        Assert.Equal((bench.Token, null), (agent.Credential.Token?.Reveal(), agent.Credential.ApiKey)); // the CLI would prefer the key

        Assert.Equal("hot_reloaded", (await bench.Api.DeleteAsync("agents/a/subscription?auth=api_key")).Is(200).At("restart_result"));
        Assert.Equal((null, key), (agent.Credential.Token, agent.Credential.ApiKey?.Reveal()));

        Assert.Equal("hot_reloaded", (await bench.Api.PatchAsync("agents/a", """{"via": "bridge"}""")).Is(200).At("restart_result"));
        Assert.Equal((null, true), (agent.Credential.ApiKey, agent.Credential.VirtualKey is not null));
        Assert.EndsWith("/direct", agent.Credential.BaseUrl, StringComparison.Ordinal);

        Assert.Equal("hot_reloaded", (await bench.Api.PatchAsync("agents/a", """{"auth": "none"}""")).Is(200).At("restart_result"));
        Assert.True(agent.Credential.IsRevoked);
        Assert.Empty(bench.Engine.Calls.Changes);
    }

    // HR-20
    [Fact]
    public async Task Assign_StoppedAgent_IsNotRunning_AndNobodyIsCalled()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        (await bench.Api.PostAsync("agents/a/stop")).Is(200);
        await bench.PutSubscriptionAsync("second");
        bench.Engine.Calls.Forget();
        bench.Engine.Script("a").Forget();

        var reply = (await bench.AssignAsync("a", "second")).Is(200);

        Assert.Equal(("not_running", "second", "2"), (reply.At("restart_result"), reply.At("agent.auth.subscription"), reply.At("agent.auth.generation")));
        Assert.Empty(bench.Engine.Calls.Changes);
        Assert.Empty(bench.Engine.Script("a").Requests);
    }

    // HR-20
    [Fact]
    public async Task Assign_NoContainer_IsNoContainer_AndNoneIsMade()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        await bench.PutSubscriptionAsync("second");
        await bench.Engine.RemoveAsync(bench.Engine.Container("a").Id, force: true, Timeouts.Token);
        bench.Engine.Calls.Forget();

        var reply = (await bench.AssignAsync("a", "second")).Is(200);

        Assert.Equal(("no_container", "second", "missing"), (reply.At("restart_result"), reply.At("agent.auth.subscription"), reply.At("agent.state")));
        Assert.Empty(bench.Engine.Calls.Changes);
    }

    // HR-20, HR-33: what is sent is what holds inside the lock
    [Fact]
    public async Task Assign_TokenRolledOverWhileItWaits_SendsTheNewOne()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        await bench.PutSubscriptionAsync("second");
        Task<ApiReply> assign;
        string token;
        await using (var held = await bench.LockAsync("a"))
        {
            assign = bench.AssignAsync("a", "second");
            await held.WhenWaitedForAsync();
            token = await bench.PutSubscriptionAsync("second");
        }

        Assert.Equal("hot_reloaded", (await assign).Is(200).At("restart_result"));
        Assert.Equal(token, bench.Engine.Agent("a").Credential.Token!.Reveal());
    }

    // HR-33
    [Fact]
    public async Task Assign_AlreadyDoneByAnother_IsNoChange()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        await bench.PutSubscriptionAsync("second");
        Task<ApiReply>[] assigns;
        await using (var held = await bench.LockAsync("a"))
        {
            assigns = [bench.AssignAsync("a", "second"), bench.AssignAsync("a", "second")];
            await held.WhenWaitedForAsync();
        }

        var replies = await Task.WhenAll(assigns);
        Assert.All(replies, reply => Assert.Equal("hot_reloaded", reply.Is(200).At("restart_result")));
        Assert.Equal(2, await bench.GenerationAsync("a"));
        Assert.Single(replies, reply => reply.At("rollout") is not null);
    }

    // HR-33
    [Fact]
    public async Task IfMatch_StaleOnceTheLockIsHeld_IsRefused()
    {
        await using var bench = await AgentsBench.StartAsync();
        var version = (await bench.CreateAsync("a")).At("agent.version");
        await bench.PutSubscriptionAsync("second");
        await bench.PutSubscriptionAsync("third");
        Task<ApiReply> late;
        await using (var held = await bench.LockAsync("a"))
        {
            late = bench.Api.SendAsync(HttpMethod.Put, "agents/a/subscription", """{"subscription": "third"}""", $"\"{version}\"");
            await held.WhenWaitedForAsync();
            await bench.Database.ExecuteAsync("update agents set version = version + 1");
        }

        (await late).IsProblem(412);
        Assert.Equal(bench.Token, bench.Engine.Agent("a").Credential.Token!.Reveal());
    }

    // HR-34: before the lock, the database and the container
    [Fact]
    public async Task Viewer_IsRefused_WhileTheLockIsHeld_WithoutAnyEffect()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        await bench.PutSubscriptionAsync("second");
        var viewer = bench.Host.As((await bench.Api.PostAsync("operator-tokens", """{"name": "viewer", "role": "viewer"}""")).At("token")!);
        var before = (await bench.GetAsync("a")).Text;
        bench.Engine.Calls.Forget();
        bench.Engine.Script("a").Forget();
        await using (await bench.LockAsync("a"))
        {
            (await bench.AssignAsync("a", "second", viewer)).IsProblem(403);
            (await viewer.DeleteAsync("agents/a/subscription")).IsProblem(403);
            foreach (var verb in (string[])["start", "stop", "recreate", "rotate-key", "tasks"])
            {
                (await viewer.PostAsync($"agents/a/{verb}", "{}")).IsProblem(403);
            }

            (await viewer.PatchAsync("agents/a", """{"auth": "none"}""")).IsProblem(403);
            (await viewer.DeleteAsync("agents/a")).IsProblem(403);
            (await viewer.PostAsync("agents", "{}")).IsProblem(403);
            (await viewer.PostAsync("fleet/restart")).IsProblem(403);
            (await viewer.PostAsync("subscriptions", """{"name": "first", "token": "sk-ant-oat01-0123456789"}""")).IsProblem(403);
        }

        Assert.Equal(before, (await viewer.GetAsync("agents/a")).Is(200).Text);
        Assert.Empty(bench.Engine.Calls.All);
        Assert.Empty(bench.Engine.Script("a").Requests);
    }

    // HR-21: there is nothing to fall back to, and nothing is restarted for it
    [Fact]
    public async Task Token_ThatCannotBeDecrypted_FailsAndChangesNothing()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        await bench.PutSubscriptionAsync("second");
        await bench.Database.ExecuteAsync("update subscriptions set cipher_key_id = 'gone' where name = 'second'");
        bench.Engine.Calls.Forget();

        var reply = (await bench.AssignAsync("a", "second")).Is(200);

        Assert.Equal("failed", reply.At("restart_result"));
        Assert.Contains("Register the subscription again", reply.At("detail")!, StringComparison.Ordinal);
        Assert.Empty(bench.Engine.Calls.Changes);
        Assert.Equal(bench.Token, bench.Engine.Agent("a").Credential.Token!.Reveal());
        Assert.Contains("Register the subscription again", (await bench.GetAsync("a")).At("problem")!, StringComparison.Ordinal);
    }

    // HR-36
    [Fact]
    public async Task RollOver_StoppedAgent_IsSkipped_AndHasTheNewTokenOnceItIsStarted()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        (await bench.Api.PostAsync("agents/a/stop")).Is(200);
        bench.Engine.Calls.Forget();
        bench.Engine.Script("a").Forget();

        var token = await bench.PutSubscriptionAsync("first");
        await bench.LookAsync();
        Assert.Empty(bench.Engine.Calls.Changes);
        Assert.Empty(bench.Engine.Script("a").Requests);

        Assert.Equal("hot_reloaded", (await bench.Api.PostAsync("agents/a/start")).Is(200).At("restart_result"));
        Assert.Equal(token, bench.Engine.Agent("a").Credential.Token!.Reveal());
        Assert.Equal(["start trinity-agent-a"], bench.Engine.Calls.Changes);
    }

    // HR-37: what is not a credential still needs another container, and its home stays
    [Fact]
    public async Task Recreate_ForOtherResources_KeepsTheHomeAndTheCredential()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        var before = bench.Engine.Container("a").Id;

        var reply = (await bench.Api.PostAsync("agents/a/recreate", """{"resources": {"pids": 64}}""")).Is(200);

        Assert.Equal("recreated", reply.At("restart_result"));
        Assert.NotEqual(before, bench.Engine.Container("a").Id);
        Assert.Equal(64, bench.Engine.Container("a").Spec.Limits.Pids);
        Assert.Equal(bench.Engine.Ever[0].Spec.Volumes, bench.Engine.Container("a").Spec.Volumes);
        Assert.Equal(bench.Token, bench.Engine.Agent("a").Credential.Token!.Reveal());
    }
}
