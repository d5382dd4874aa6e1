using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>The in-memory engine does as the real one does in <see cref="Containers.DockerLifecycleTests"/> and <see cref="Containers.DockerStreamTests"/>.</summary>
public sealed class InMemoryEngineTests
{
    private static readonly Dictionary<string, string> Labels = new() { [AgentLabels.AgentName] = "a" };

    [Fact]
    public async Task StopAndStart_KeepsTheState_RecreateDropsIt()
    {
        await using var engine = new InMemoryEngine();
        var first = await RunAsync(engine);
        await File.WriteAllTextAsync(Path.Combine(engine.Container("a").StateFolder, "x"), "rotated", Timeouts.Token);
        await File.WriteAllTextAsync(Path.Combine(engine.VolumeFolder("home"), "x"), "work", Timeouts.Token);
        await engine.StopAsync(first, TimeSpan.Zero, Timeouts.Token);
        await engine.StopAsync(first, TimeSpan.Zero, Timeouts.Token);
        Assert.Equal((ContainerState.Exited, 0), await engine.InspectAsync(first, Timeouts.Token) is { } stopped ? (stopped.State, stopped.ExitCode) : default);
        await engine.StartAsync(first, Timeouts.Token);
        await engine.StartAsync(first, Timeouts.Token);
        Assert.Equal(["x"], Directory.GetFiles(engine.Container("a").StateFolder).Select(Path.GetFileName));

        await engine.RemoveAsync(first, force: true, Timeouts.Token);
        await engine.RemoveAsync(first, force: true, Timeouts.Token);
        var second = await RunAsync(engine);
        Assert.NotEqual(first, second);
        Assert.Empty(Directory.GetFiles(engine.Container("a").StateFolder));
        Assert.Equal("work", await File.ReadAllTextAsync(Path.Combine(engine.VolumeFolder("home"), "x"), Timeouts.Token));
        Assert.Equal(
            ["create agent-a", "start agent-a", "stop agent-a", "stop agent-a", "start agent-a", "start agent-a", "remove agent-a", $"remove {first}", "create agent-a", "start agent-a"],
            engine.Calls.Changes);
    }

    [Fact]
    public async Task Refusals_AreOfTheRealEnginesKinds()
    {
        await using var engine = new InMemoryEngine();
        await RunAsync(engine);
        await RefusedAsync(EngineFault.Conflict, () => engine.CreateAsync(Spec(), Timeouts.Token));
        await RefusedAsync(EngineFault.NotFound, () => engine.CreateAsync(Spec() with { Name = "b", Image = "trinity-agent:never-made" }, Timeouts.Token));
        await RefusedAsync(EngineFault.Failed, () => engine.CreateAsync(Spec() with { Name = "b", Image = "busybox:1" }, Timeouts.Token));
        await RefusedAsync(EngineFault.Failed, () => engine.CreateAsync(Spec() with { Name = "b", Network = "host" }, Timeouts.Token));
        await RefusedAsync(EngineFault.Conflict, () => engine.RemoveAsync("agent-a", force: false, Timeouts.Token));
        await RefusedAsync(EngineFault.Conflict, () => engine.RemoveVolumeAsync("home", Timeouts.Token));
        await RefusedAsync(EngineFault.NotFound, () => engine.StartAsync("b", Timeouts.Token));
        await RefusedAsync(EngineFault.NotFound, () => engine.StopAsync("b", TimeSpan.Zero, Timeouts.Token));
        var other = await engine.CreateAsync(Spec() with { Name = "b" }, Timeouts.Token);
        await RefusedAsync(EngineFault.Conflict, () => engine.RenameAsync(other, "agent-a", Timeouts.Token));
        await RefusedAsync(EngineFault.Conflict, () => engine.ExecAsync(other, ["true"], Timeouts.Token));
        Assert.Null(await engine.InspectAsync("c", Timeouts.Token));
        Assert.Null(await engine.InspectImageAsync("trinity-agent:never-made", Timeouts.Token));
        Assert.Equal([("agent-a", ContainerState.Running), ("b", ContainerState.Created)], (await engine.ListAsync(Labels, Timeouts.Token)).Select(item => (item.Name, item.State)).Order());
    }

    [Fact]
    public async Task Events_OfThoseLabelsAlone_FromTheCallOn()
    {
        await using var engine = new InMemoryEngine();
        var events = engine.EventsAsync(Labels, Timeouts.Token);
        await engine.CreateAsync(Spec() with { Name = "b", Labels = new Dictionary<string, string>() }, Timeouts.Token);
        var agent = await RunAsync(engine);
        await engine.RemoveAsync(agent, force: true, Timeouts.Token);
        Assert.Equal(["create", "start", "kill", "die", "destroy"], await events.Take(5).Select(happened => happened.Action).ToListAsync(Timeouts.Token));
    }

    [Fact]
    public async Task Disconnected_EverythingIsUnreachable_AndWhatRanRunsOn()
    {
        await using var engine = new InMemoryEngine();
        await using var events = engine.EventsAsync(Labels, Timeouts.Token).GetAsyncEnumerator(Timeouts.Token);
        var next = events.MoveNextAsync();
        await RunAsync(engine);
        Assert.True(await next);
        var gate = engine.Faults.Hold("stop");
        var stop = engine.StopAsync("agent-a", TimeSpan.Zero, Timeouts.Token);
        await gate.WhenReachedAsync();

        engine.Disconnect();
        gate.Open();

        await RefusedAsync(EngineFault.Unreachable, () => stop);
        await RefusedAsync(EngineFault.Unreachable, () => engine.InspectAsync("agent-a", Timeouts.Token));
        await RefusedAsync(EngineFault.Unreachable, async () => await engine.EventsAsync(Labels, Timeouts.Token).FirstAsync(Timeouts.Token));
        await RefusedAsync(EngineFault.Unreachable, async () =>
        {
            while (await events.MoveNextAsync())
            {
                // what was under way
            }
        });
        engine.Connect();
        Assert.Equal(ContainerState.Running, (await engine.InspectAsync("agent-a", Timeouts.Token))!.State);
    }

    [Fact]
    public async Task Fault_HitsTheNextCallOfThatName()
    {
        await using var engine = new InMemoryEngine();
        engine.Faults.Fail("start", EngineFault.Conflict, "port is already allocated");
        await RefusedAsync(EngineFault.Conflict, () => RunAsync(engine));
        Assert.Equal(ContainerState.Created, engine.Container("a").State);
        await engine.StartAsync("agent-a", Timeouts.Token);
        await engine.CrashAsync("a", exitCode: 137, outOfMemory: true);
        Assert.Equal((ContainerState.Exited, 137, true), await engine.InspectAsync("agent-a", Timeouts.Token) is { } dead ? (dead.State, dead.ExitCode, dead.OutOfMemory) : default);
    }

    [Fact]
    public async Task Logs_FollowUntilTheContainerEnds()
    {
        await using var engine = new InMemoryEngine();
        var agent = await RunAsync(engine);
        engine.Container("a").Log.Write(new LogLine(false, "started"));
        var seen = new List<string>();
        await foreach (var line in engine.LogsAsync(agent, 1, follow: true, Timeouts.Token))
        {
            seen.Add(line.Text);
            if (seen.Count == 1)
            {
                engine.Container("a").Log.Write(new LogLine(true, "warned"));
            }
            else
            {
                await engine.StopAsync(agent, TimeSpan.Zero, Timeouts.Token);
            }
        }

        Assert.Equal(["started", "warned"], seen.Take(2));
    }

    private static ContainerSpec Spec() => new()
    {
        Name = "agent-a",
        Image = InMemoryEngine.Image,
        Environment = new Dictionary<string, string> { [InMemoryEngine.OwnToken] = "0123456789abcdef" },
        Labels = Labels,
        Volumes = new Dictionary<string, string> { ["/home/developer"] = "home" },
        Port = 8090,
        PublishOnLoopback = true,
    };

    private static async Task<string> RunAsync(InMemoryEngine engine)
    {
        var id = await engine.CreateAsync(Spec(), Timeouts.Token);
        await engine.StartAsync(id, Timeouts.Token);
        return id;
    }

    private static async Task RefusedAsync(EngineFault fault, Func<Task> call) => Assert.Equal(fault, (await Assert.ThrowsAsync<EngineException>(call)).Fault);
}
