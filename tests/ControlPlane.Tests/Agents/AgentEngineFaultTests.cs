using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.Agents;

/// <summary>The engine is away, refuses or breaks off: a clear error, a true state afterwards, and nothing restarted that ran.</summary>
public sealed class AgentEngineFaultTests : IAsyncLifetime
{
    private const string Away = "The container engine at unix:///in-memory does not answer.";

    private AgentsBench _bench = null!;

    private InMemoryEngine Engine => _bench.Engine;

    public async ValueTask InitializeAsync()
    {
        _bench = await AgentsBench.StartAsync();
        await _bench.CreateAsync("runs");
        Engine.Agent("runs").Begin("running");
        Engine.Calls.Forget();
    }

    public async ValueTask DisposeAsync()
    {
        Assert.Empty(Engine.Agent("runs").Cut);
        Assert.DoesNotContain(Engine.Calls.Changes, call => call.EndsWith("trinity-agent-runs", StringComparison.Ordinal));
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task Create_NoEngine_SaysSo_AndLeavesNothing()
    {
        Engine.Disconnect();
        var problem = (await _bench.TryCreateAsync("a")).IsProblem(503);
        Assert.StartsWith(Away, problem.At("detail")!, StringComparison.Ordinal);

        Engine.Connect();
        await LookLaterAsync();
        await NothingIsLeftAsync();
        await _bench.CreateAsync("a");
    }

    [Theory]
    [InlineData("create", nameof(EngineFault.NotFound), "No such image: trinity-agent:1", 409)]
    [InlineData("create", nameof(EngineFault.Failed), "mkdir /x: no space left on device", 502)]
    [InlineData("start", nameof(EngineFault.Conflict), "port is already allocated", 409)]
    [InlineData("start", nameof(EngineFault.Failed), "OCI runtime create failed", 502)]
    [InlineData("create_volume", nameof(EngineFault.Failed), "no space left on device", 502)]
    [InlineData("inspect_image", nameof(EngineFault.Failed), "The container engine answered 500.", 502)]
    public async Task Create_Refused_SaysWhy_AndLeavesNothing(string call, string fault, string message, int status)
    {
        Engine.Faults.Fail(call, Enum.Parse<EngineFault>(fault), message, times: null);

        var problem = (await _bench.TryCreateAsync("a")).IsProblem(status);
        Engine.Faults.Recover();

        Assert.StartsWith(message, problem.At("detail")!, StringComparison.Ordinal);
        await NothingIsLeftAsync();
        await _bench.CreateAsync("a");
    }

    [Fact]
    public async Task Create_PortTakenMeanwhile_TakesAnother()
    {
        Engine.Faults.Fail("start", EngineFault.Conflict, "port is already allocated", times: 2);

        (await _bench.TryCreateAsync("a")).Is(201);
    }

    [Fact]
    public async Task Create_ImageMissing_SaysWhatToDo_AndLeavesNothing()
    {
        Engine.Images.TryRemove(InMemoryEngine.OldImage, out _);

        var problem = (await _bench.TryCreateAsync("a", $"\"subscription\": \"first\", \"image\": \"{InMemoryEngine.OldImage}\"")).IsProblem(409);

        Assert.Contains("./trinity agent-image", problem.At("detail")!, StringComparison.Ordinal);
        await NothingIsLeftAsync();
    }

    // The engine is stopped in the middle; what it had done by then is there when it comes back.
    [Theory]
    [InlineData("create")]
    [InlineData("start")]
    public async Task Create_EngineStopsInTheMiddle_LeavesNothingOnceItIsBack(string call)
    {
        var gate = Engine.Faults.HoldReply(call);
        var create = _bench.TryCreateAsync("a");
        await gate.WhenReachedAsync();
        Engine.Disconnect();
        gate.Open();
        Assert.StartsWith(Away, (await create).IsProblem(503).At("detail")!, StringComparison.Ordinal);
        Assert.Equal(2, Engine.Ever.Count);

        Engine.Connect();
        await LookLaterAsync();

        await NothingIsLeftAsync();
        await _bench.CreateAsync("a");
    }

    [Theory]
    [InlineData("start", "stopped", "running")]
    [InlineData("stop", "running", "stopped")]
    [InlineData("recreate", "running", "running")]
    public async Task Verb_NoEngine_SaysSo_AndTheStateIsTrue(string verb, string before, string after)
    {
        await _bench.CreateAsync("a");
        if (before == "stopped")
        {
            (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        }

        Engine.Disconnect();
        Assert.Equal(Away, (await _bench.Api.PostAsync($"agents/a/{verb}")).IsProblem(503).At("detail"));
        var seen = await _bench.GetAsync("a");
        Assert.Equal(("unknown", Away), (seen.At("state"), seen.At("problem")));

        Engine.Connect();
        (await _bench.Api.PostAsync($"agents/a/{verb}")).Is(200);
        await LookLaterAsync();
        seen = await _bench.GetAsync("a");
        Assert.Equal((after, after, null), (seen.At("state"), seen.At("desired_state"), seen.At("problem")));
    }

    [Fact]
    public async Task Stop_EngineStopsInTheMiddle_IsTheTruthAfterwards()
    {
        await _bench.CreateAsync("a");
        var gate = Engine.Faults.HoldReply("stop");
        var stop = _bench.Api.PostAsync("agents/a/stop");
        await gate.WhenReachedAsync();
        Engine.Disconnect();
        gate.Open();
        (await stop).IsProblem(503);

        Engine.Connect();
        await LookLaterAsync();

        var seen = await _bench.GetAsync("a");
        Assert.Equal(("stopped", "stopped", null), (seen.At("state"), seen.At("desired_state"), seen.At("problem")));
    }

    // As when the control plane is killed after it has noted the stop, and before the engine hears of it.
    [Fact]
    public async Task Stop_NeverReachesTheEngine_IsFinishedByWhoeverLooks()
    {
        await _bench.CreateAsync("a");
        Engine.Faults.Fail("stop", EngineFault.Unreachable, Away);
        (await _bench.Api.PostAsync("agents/a/stop")).IsProblem(503);
        Assert.Equal(ContainerState.Running, Engine.Container("a").State);

        await LookLaterAsync();

        var seen = await _bench.GetAsync("a");
        Assert.Equal((ContainerState.Exited, "stopped", null), (Engine.Container("a").State, seen.At("state"), seen.At("problem")));
    }

    [Fact]
    public async Task Recreate_EngineAwayOnceTheTasksHaveEnded_IsDoneWhenItIsBack()
    {
        await _bench.CreateAsync("a");
        var (before, task) = (Engine.Container("a").Id, Engine.Agent("a").Begin());
        Assert.Equal("draining", (await _bench.Api.PostAsync("agents/a/recreate")).Is(200).At("restart_result"));
        task.End();
        Engine.Faults.Fail("inspect_image", EngineFault.Unreachable, Away);
        await LookLaterAsync();
        Assert.Equal(before, Engine.Container("a").Id);

        await LookLaterAsync();

        Assert.NotEqual(before, Engine.Container("a").Id);
        (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "true"}""")).Is(200);
    }

    [Fact]
    public async Task Delete_NoEngine_IsNoted_AndFinishedWhenItIsBack()
    {
        await _bench.CreateAsync("a");
        Engine.Disconnect();
        Assert.Contains("The deletion is noted", (await _bench.Api.DeleteAsync("agents/a")).IsProblem(503).At("detail")!, StringComparison.Ordinal);
        Assert.Equal("deleted", (await _bench.GetAsync("a")).At("desired_state"));
        (await _bench.Api.PostAsync("agents/a/start")).IsProblem(404);

        Engine.Connect();
        await LookLaterAsync();

        await NothingIsLeftAsync();
        Assert.Equal(["trinity-agent-runs-home"], Engine.Volumes);
    }

    // A credential that cannot be brought now waits; who runs, runs on.
    [Fact]
    public async Task RollOver_NoEngine_IsBroughtWhenItIsBack()
    {
        Engine.Disconnect();
        var token = await _bench.PutSubscriptionAsync("first");
        await LookLaterAsync();
        var seen = await _bench.GetAsync("runs");
        Assert.Equal(("unknown", Away), (seen.At("state"), seen.At("problem")));
        (await _bench.Api.PostAsync("agents/runs/tasks", """{"prompt": "true"}""")).IsProblem(503);

        Engine.Connect();
        await LookLaterAsync();
        await LookLaterAsync();

        Assert.Equal(token, Engine.Agent("runs").Credential.Token!.Reveal());
        Assert.Equal("running", (await _bench.GetAsync("runs")).At("state"));
    }

    // A container of that name that is somebody else's is neither used nor touched.
    [Fact]
    public async Task Create_NameTakenByAStranger_SaysSo()
    {
        await Engine.CreateAsync(Engine.Container("runs").Spec with { Name = "trinity-agent-a", Labels = new Dictionary<string, string>(), Volumes = new Dictionary<string, string>() }, Timeouts.Token);
        Engine.Calls.Forget();

        var problem = (await _bench.TryCreateAsync("a")).IsProblem(409);

        Assert.Contains("which is not this agent's", problem.At("detail")!, StringComparison.Ordinal);
        Assert.DoesNotContain(Engine.Calls.Changes, call => call.EndsWith(" trinity-agent-a", StringComparison.Ordinal));
        (await _bench.Api.GetAsync("agents/a")).IsProblem(404);
    }

    private async Task LookLaterAsync()
    {
        _bench.Time.Leap(TimeSpan.FromSeconds(31));
        await _bench.LookAsync();
    }

    private async Task NothingIsLeftAsync()
    {
        (await _bench.Api.GetAsync("agents/a")).IsProblem(404);
        Assert.Equal(["trinity-agent-runs"], (await Engine.ListAsync(new Dictionary<string, string>(), Timeouts.Token)).Select(container => container.Name));
        Assert.Equal(1, await _bench.Database.ScalarAsync<long>("select count(*) from virtual_keys where revoked_at is null"));
    }
}
