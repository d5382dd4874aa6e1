using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.Agents;

/// <summary>Start, stop, recreate, restart and delete.</summary>
public sealed class AgentLifecycleTests : IAsyncLifetime
{
    private AgentsBench _bench = null!;

    private InMemoryEngine Engine => _bench.Engine;

    public async ValueTask InitializeAsync()
    {
        _bench = await AgentsBench.StartAsync();
        await _bench.CreateAsync("a");
        Engine.Calls.Forget();
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    // HZ-1: after a hot reload, too, a start of one that runs is none
    [Fact]
    public async Task Start_RunningAndRotated_TouchesNothing()
    {
        var token = await _bench.PutSubscriptionAsync("second");
        (await _bench.AssignAsync("a", "second")).Is(200);
        var (agent, container) = (Engine.Agent("a"), Engine.Container("a").Id);
        var task = agent.Begin();

        for (var times = 0; times < 3; times++)
        {
            var reply = (await _bench.Api.PostAsync("agents/a/start")).Is(200);
            Assert.Equal(("hot_reloaded", "running", "2"), (reply.At("restart_result"), reply.At("agent.state"), reply.At("agent.auth.acknowledged_generation")));
        }

        Assert.Empty(Engine.Calls.Changes);
        Assert.Equal(container, Engine.Container("a").Id);
        Assert.Same(agent, Engine.Agent("a"));
        Assert.Equal((token, 2), (task.Token, task.Generation));
        Assert.Empty(agent.Cut);
    }

    [Fact]
    public async Task Stop_IsAnIntent_ThatNobodyUndoes()
    {
        var stopped = (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        Assert.Equal(("not_running", "stopped", "stopped", "0"), (stopped.At("restart_result"), stopped.At("agent.state"), stopped.At("agent.desired_state"), stopped.At("agent.auth.acknowledged_generation")));

        (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        await LookLaterAsync();

        Assert.Equal(["stop trinity-agent-a", "stop trinity-agent-a"], Engine.Calls.Changes);
        (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "true"}""")).IsProblem(409);
        var started = (await _bench.Api.PostAsync("agents/a/start")).Is(200);
        Assert.Equal(("hot_reloaded", "running", "running", "1"), (started.At("restart_result"), started.At("agent.state"), started.At("agent.desired_state"), started.At("agent.auth.acknowledged_generation")));
    }

    [Fact]
    public async Task Start_ContainerIsGone_MakesAnotherOnTheSameHome()
    {
        await Engine.RemoveAsync("trinity-agent-a", force: true, Timeouts.Token);
        Engine.Calls.Forget();

        (await _bench.Api.PostAsync("agents/a/start")).Is(200);

        Assert.Equal(["remove trinity-agent-a-next", "create trinity-agent-a", "start trinity-agent-a"], Engine.Calls.Changes);
        Assert.Equal(Engine.Ever[0].Spec.Volumes, Engine.Container("a").Spec.Volumes);
        Assert.Equal(_bench.Token, Engine.Agent("a").Credential.Token!.Reveal());
    }

    [Fact]
    public async Task Start_ServerTakesItsTime_IsWaitedFor()
    {
        (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        Engine.Script("a").StaysDown = true;
        var start = _bench.Api.PostAsync("agents/a/start");
        await Eventually.TrueAsync(() => Engine.Container("a").State == ContainerState.Running, "the container runs");

        await Engine.Agent("a").UpAsync();

        Assert.Equal("hot_reloaded", (await start).Is(200).At("restart_result"));
    }

    [Fact]
    public async Task Start_ServerNeverComes_IsTold_AndTheContainerIsLeftAlone()
    {
        (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        Engine.Script("a").StaysDown = true;
        Engine.Calls.Forget();
        var start = _bench.Api.PostAsync("agents/a/start");
        await Engine.Calls.WhenAsync(calls => calls.All.Count(call => call == "inspect trinity-agent-a") > 4, "it is asked again and again");
        _bench.Time.Leap(TimeSpan.FromMinutes(1));

        var reply = (await start).Is(200);

        Assert.Equal(("pending", "running", "0"), (reply.At("restart_result"), reply.At("agent.state"), reply.At("agent.auth.acknowledged_generation")));
        Assert.StartsWith("The agent cannot be reached", reply.At("detail")!, StringComparison.Ordinal);
        Assert.Equal(["start trinity-agent-a"], Engine.Calls.Changes);
        (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "true"}""")).IsProblem(503);

        await Engine.Agent("a").UpAsync();
        await LookLaterAsync();
        Assert.Equal("1", (await _bench.GetAsync("a")).At("auth.acknowledged_generation"));
    }

    [Fact]
    public async Task Recreate_TasksRun_WaitsForTheirEnd_UnlessForced()
    {
        var agent = Engine.Agent("a");
        var task = agent.Begin();

        Assert.Equal("draining", (await _bench.Api.PostAsync("agents/a/recreate")).Is(200).At("restart_result"));
        (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "true"}""")).IsProblem(503);
        await LookLaterAsync();
        Assert.Empty(Engine.Calls.Changes);
        task.End();
        await LookLaterAsync();
        Assert.NotSame(agent, Engine.Agent("a"));
        Assert.Empty(agent.Cut);

        var next = Engine.Agent("a");
        next.Begin("cut");
        Assert.Equal("recreated", (await _bench.Api.PostAsync("agents/a/recreate?force=true")).Is(200).At("restart_result"));
        Assert.Equal(["cut"], next.Cut);
    }

    [Fact]
    public async Task Recreate_ListOfTasksIsTooLongToRead_TheyAreCountedAllTheSame()
    {
        Engine.Script("a").Answer("/api/tasks", 200, $"[]{new string(' ', AgentClient.MaxReply)}");
        var task = Engine.Agent("a").Begin();
        Assert.Contains("1 running tasks", (await _bench.Api.PostAsync("agents/a/recreate")).Is(200).At("detail")!, StringComparison.Ordinal);
        task.End();

        Assert.Equal("recreated", (await _bench.Api.PostAsync("agents/a/recreate")).Is(200).At("restart_result"));
    }

    [Fact]
    public async Task Recreate_AnotherImage_IsUsed()
    {
        Engine.Images["trinity-agent:2"] = FakeImage.Of("trinity-agent:2", takesCredentials: true);

        var reply = (await _bench.Api.PostAsync("agents/a/recreate", """{"image": "trinity-agent:2", "environment": {"GREETING": "hello"}}""")).Is(200);

        Assert.Equal(("recreated", "trinity-agent:2", "hello"), (reply.At("restart_result"), reply.At("agent.image"), reply.At("agent.environment.GREETING")));
        Assert.Equal("trinity-agent:2", Engine.Container("a").Spec.Image);
        Assert.Equal("hello", Engine.Container("a").Environment["TRINITY_AGENTSERVER__ENVIRONMENT__GREETING"]);
    }

    [Fact]
    public async Task Recreate_RefusedOnceTheTasksHaveEnded_TheOldContainerTakesTasksAgain()
    {
        var task = Engine.Agent("a").Begin();
        Assert.Equal("draining", (await _bench.Api.PostAsync("agents/a/recreate", """{"image": "trinity-agent:typo"}""")).Is(200).At("restart_result"));
        task.End();

        await LookLaterAsync();

        Assert.StartsWith("The engine has no image 'trinity-agent:typo'", (await _bench.GetAsync("a")).At("problem")!, StringComparison.Ordinal);
        (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "true"}""")).Is(200);
        await LookLaterAsync();
        Assert.Equal("hot_reloaded", (await _bench.GetAsync("a")).At("auth.delivery"));
        Assert.DoesNotContain("stop trinity-agent-a", Engine.Calls.Changes);
    }

    [Fact]
    public async Task Recreate_Stopped_StaysStopped()
    {
        (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        var before = Engine.Container("a").Id;

        var reply = (await _bench.Api.PostAsync("agents/a/recreate")).Is(200);
        await LookLaterAsync();

        Assert.NotEqual(before, Engine.Container("a").Id);
        Assert.Equal(("not_running", "stopped", "stopped"), (reply.At("restart_result"), reply.At("agent.state"), reply.At("agent.desired_state")));
        Assert.Equal(ContainerState.Created, Engine.Container("a").State);
    }

    // VL-d
    [Fact]
    public async Task FleetRestart_IsRaw_AndKeepsWhatWasRotated()
    {
        var token = await _bench.PutSubscriptionAsync("second");
        await _bench.CreateAsync("b");
        await _bench.CreateAsync("c");
        (await _bench.AssignAsync("a", "second")).Is(200);
        (await _bench.Api.PostAsync("agents/b/stop")).Is(200);
        var container = Engine.Container("a").Id;
        Engine.Calls.Forget();
        Engine.Faults.Fail("start", EngineFault.Conflict, "port is already allocated", container: "trinity-agent-c");

        var reply = (await _bench.Api.PostAsync("fleet/restart")).Is(200);

        Assert.Equal(("1", "1", "1"), (reply.At("succeeded"), reply.At("skipped"), reply.At("failed")));
        Assert.Equal(
            [("a", "success", null), ("b", "skipped", "It does not run."), ("c", "failed", "port is already allocated")],
            reply.Items.Select(item => (item!["agent"]!.GetValue<string>(), item["result"]!.GetValue<string>(), item["detail"]?.GetValue<string>())));
        Assert.Equal(["start trinity-agent-a", "start trinity-agent-c", "stop trinity-agent-a", "stop trinity-agent-c"], Engine.Calls.Changes.Order(StringComparer.Ordinal));
        Assert.Equal((container, token), (Engine.Container("a").Id, Engine.Agent("a").Credential.Token!.Reveal()));

        await LookLaterAsync();
        Assert.Equal("running", (await _bench.GetAsync("c")).At("state")); // it is to run, and no port is taken any more
    }

    [Fact]
    public async Task Delete_TakesContainerHomeAndKeys()
    {
        (await _bench.Api.DeleteAsync("agents/a", "\"99\"")).IsProblem(412);
        (await _bench.Api.DeleteAsync("agents/a")).Is(204);

        (await _bench.Api.GetAsync("agents/a")).IsProblem(404);
        Assert.Empty(await Engine.ListAsync(new Dictionary<string, string>(), Timeouts.Token));
        Assert.Empty(Engine.Volumes);
        Assert.Equal(0, await _bench.Database.ScalarAsync<long>("select count(*) from virtual_keys where revoked_at is null"));
        await _bench.CreateAsync("a"); // the name is free
    }

    [Fact]
    public async Task Died_ByItself_IsStartedAgain()
    {
        await Engine.CrashAsync("a", outOfMemory: true);
        Engine.Calls.Forget();

        await LookLaterAsync();

        Assert.Equal(["start trinity-agent-a"], Engine.Calls.Changes);
        var agent = await _bench.GetAsync("a");
        Assert.Equal(("running", "1", "hot_reloaded"), (agent.At("state"), agent.At("auth.acknowledged_generation"), agent.At("auth.delivery")));
    }

    private async Task LookLaterAsync()
    {
        _bench.Time.Leap(TimeSpan.FromSeconds(20));
        await _bench.LookAsync();
    }
}
