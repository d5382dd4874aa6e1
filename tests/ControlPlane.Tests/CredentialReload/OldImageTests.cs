using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.CredentialReload;

/// <summary>Agents whose image takes no credential while they run: theirs is in the container's environment, and another one needs another container.</summary>
public sealed class OldImageTests : IAsyncLifetime
{
    private const string Baked = "TRINITY_AGENTSERVER__CREDENTIAL__TOKEN";
    private const string Members = $"\"subscription\": \"first\", \"image\": \"{InMemoryEngine.OldImage}\"";

    private AgentsBench _bench = null!;

    public async ValueTask InitializeAsync()
    {
        _bench = await AgentsBench.StartAsync();
        await _bench.CreateAsync("a", Members);
        _bench.Engine.Calls.Forget();
    }

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Create_BakesTheCredential()
    {
        Assert.Equal(_bench.Token, _bench.Engine.Container("a").Environment[Baked]);
        Assert.Equal((_bench.Token, 1), (_bench.Engine.Agent("a").Credential.Token!.Reveal(), _bench.Engine.Agent("a").Credential.Generation));
        Assert.Equal("1", (await _bench.GetAsync("a")).At("auth.acknowledged_generation"));
    }

    // HR-22, HR-25
    [Fact]
    public async Task Assign_NothingRuns_IsMadeAnew_OnceAndForAll()
    {
        var second = await _bench.PutSubscriptionAsync("second");
        var before = _bench.Engine.Container("a").Id;

        Assert.Equal("recreated", (await _bench.AssignAsync("a", "second")).Is(200).At("restart_result"));

        Assert.NotEqual(before, _bench.Engine.Container("a").Id);
        Assert.Equal(second, _bench.Engine.Agent("a").Credential.Token!.Reveal());
        Assert.Equal(
            ["remove trinity-agent-a-next", "create trinity-agent-a-next", "stop trinity-agent-a", "remove trinity-agent-a", "rename trinity-agent-a-next", "start trinity-agent-a"],
            _bench.Engine.Calls.Changes);
        Assert.Equal(["trinity-agent-a-home"], _bench.Engine.Volumes);
        await RestsAsync();
    }

    // HR-22: an image that says that it takes credentials, or nothing, and answers 404
    [Fact]
    public async Task Assign_ServerKnowsNoReload_WhateverItsImageSays_IsMadeAnewOnce()
    {
        _bench.Engine.Images["trinity-agent:odd"] = FakeImage.Of("trinity-agent:odd", takesCredentials: false) with { Labels = new Dictionary<string, string>() };
        var reply = await _bench.CreateAsync("b", "\"subscription\": \"first\", \"image\": \"trinity-agent:odd\"");
        Assert.Equal("recreated", reply.At("restart_result"));
        Assert.Equal((_bench.Token, 1), (_bench.Engine.Agent("b").Credential.Token!.Reveal(), _bench.Engine.Agent("b").Credential.Generation));
        await RestsAsync("b");

        var token = await _bench.PutSubscriptionAsync("first");
        await _bench.LookAsync();

        Assert.Equal((token, 2), (_bench.Engine.Agent("b").Credential.Token!.Reveal(), _bench.Engine.Agent("b").Credential.Generation));
        await RestsAsync("b");
    }

    // HZ-6: drained, never cut
    [Fact]
    public async Task Assign_TasksRun_WaitsForTheirEnd()
    {
        var second = await _bench.PutSubscriptionAsync("second");
        var agent = _bench.Engine.Agent("a");
        var (one, other) = (agent.Begin(), agent.Begin());

        var reply = (await _bench.AssignAsync("a", "second")).Is(200);
        Assert.Equal(("draining", "1"), (reply.At("restart_result"), reply.At("agent.auth.acknowledged_generation")));
        (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "echo"}""")).IsProblem(503); // or there would be no end of them
        one.End();
        await LookLaterAsync();
        Assert.Equal("draining", (await _bench.GetAsync("a")).At("auth.delivery"));
        Assert.Empty(_bench.Engine.Calls.Changes);

        other.End();
        await LookLaterAsync();

        Assert.Equal("recreated", (await _bench.GetAsync("a")).At("auth.delivery"));
        Assert.Equal(second, _bench.Engine.Agent("a").Credential.Token!.Reveal());
        Assert.Empty(agent.Cut);
        (await _bench.Api.PostAsync("agents/a/tasks", """{"prompt": "echo"}""")).Is(200);
    }

    [Fact]
    public async Task Assign_NotSaidWhetherTasksRun_NothingIsEnded()
    {
        await _bench.PutSubscriptionAsync("second");
        var agent = _bench.Engine.Agent("a");
        agent.Begin();
        _bench.Engine.Script("a").Answer("/api/tasks", 500, "");

        Assert.Equal("pending", (await _bench.AssignAsync("a", "second")).Is(200).At("restart_result"));

        await LookLaterAsync();
        Assert.Empty(_bench.Engine.Calls.Changes);
        Assert.Empty(agent.Cut);
    }

    // HR-25: it says what went wrong, and what ran runs
    [Theory]
    [InlineData("create", nameof(EngineFault.Failed), "no space left on device")]
    [InlineData("create", nameof(EngineFault.NotFound), "No such image: trinity-agent:0")]
    [InlineData("inspect_image", nameof(EngineFault.Unreachable), "The container engine does not answer.")]
    [InlineData("stop", nameof(EngineFault.Failed), "tried to kill container, but did not receive an exit event")]
    public async Task Assign_EngineFailsBeforeTheEndOfTheOldOne_ItRunsOn(string call, string fault, string message)
    {
        await _bench.PutSubscriptionAsync("second");
        var before = _bench.Engine.Container("a").Id;
        _bench.Engine.Faults.Fail(call, Enum.Parse<EngineFault>(fault), message);

        var reply = (await _bench.AssignAsync("a", "second")).Is(200);

        Assert.Equal(("failed", message, "running"), (reply.At("restart_result"), reply.At("detail"), reply.At("agent.state")));
        Assert.Equal(before, (await _bench.Engine.InspectAsync("trinity-agent-a", Timeouts.Token))!.Id);
        Assert.Equal(_bench.Token, (await _bench.Engine.InspectAsync("trinity-agent-a", Timeouts.Token))!.Environment[Baked]);

        await LookLaterAsync();
        await HasSecondAsync();
    }

    // HR-25: the old one is gone already; the agent has none that runs, which is told, and gets one
    [Theory]
    [InlineData("remove", "device or resource busy")]
    [InlineData("rename", "name in use")]
    [InlineData("start", "OCI runtime create failed")]
    public async Task Assign_EngineFailsAfterwards_IsTold_AndMended(string call, string message)
    {
        await _bench.PutSubscriptionAsync("second");
        _bench.Engine.Faults.Fail(call, EngineFault.Failed, message, container: call == "rename" ? "trinity-agent-a-next" : "trinity-agent-a");

        var reply = (await _bench.AssignAsync("a", "second")).Is(200);
        Assert.Equal(("failed", message), (reply.At("restart_result"), reply.At("detail")));
        Assert.Contains(reply.At("agent.state"), (string[])["stopped", "missing"]);

        await LookLaterAsync();
        await LookLaterAsync();
        await HasSecondAsync();
    }

    // HZ-1: an idempotent start of one that runs
    [Fact]
    public async Task Start_Running_TouchesNothing()
    {
        (await _bench.Api.PostAsync("agents/a/start")).Is(200);
        Assert.DoesNotContain(_bench.Engine.Calls.Changes, call => !call.StartsWith("start", StringComparison.Ordinal));
        await RestsAsync();
    }

    // HZ-4
    [Fact]
    public async Task SubscriptionDeleted_TheTokenLeavesTheEnvironment()
    {
        (await _bench.Api.DeleteAsync("subscriptions/first")).Is(204);
        await _bench.LookAsync();
        Assert.DoesNotContain(Baked, _bench.Engine.Container("a").Environment.Keys);
        Assert.Null(_bench.Engine.Agent("a").Credential.Token);
        await RestsAsync();
    }

    // A stopped container holds what it was made with: it is made anew before it runs a task with that.
    [Fact]
    public async Task StoppedMeanwhile_StartsOnWhatHolds()
    {
        (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        var token = await _bench.PutSubscriptionAsync("first");

        (await _bench.Api.PostAsync("agents/a/start")).Is(200);

        Assert.Equal(token, _bench.Engine.Agent("a").Credential.Token!.Reveal());
        await RestsAsync();
    }

    private async Task LookLaterAsync()
    {
        _bench.Time.Leap(TimeSpan.FromSeconds(2));
        await _bench.LookAsync();
    }

    private async Task HasSecondAsync()
    {
        var agent = await _bench.GetAsync("a");
        Assert.Equal(("running", "2", "second"), (agent.At("state"), agent.At("auth.acknowledged_generation"), agent.At("auth.subscription")));
        Assert.Equal(2, _bench.Engine.Agent("a").Credential.Generation);
        Assert.NotEqual(_bench.Token, _bench.Engine.Agent("a").Credential.Token!.Reveal());
        await RestsAsync();
    }

    // What has what it is to have is left alone.
    private async Task RestsAsync(string agent = "a")
    {
        var container = _bench.Engine.Container(agent).Id;
        _bench.Engine.Calls.Forget();
        for (var round = 0; round < 3; round++)
        {
            _bench.Time.Leap(TimeSpan.FromSeconds(20));
            await _bench.LookAsync();
        }

        Assert.Empty(_bench.Engine.Calls.Changes);
        Assert.Equal(container, _bench.Engine.Container(agent).Id);
    }
}
