using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

/// <summary>Logs, events, statistics and commands, with a real engine.</summary>
public sealed class DockerStreamTests(DockerFixture docker)
{
    [Fact]
    public async Task Logs_BothStreams_FollowUntilTheContainerEnds()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        var agent = await engine.RunAsync(engine.Spec("a"));
        var seen = new List<LogLine>();
        await foreach (var line in engine.Runtime.LogsAsync(agent, 10, follow: true, Timeouts.Token))
        {
            seen.Add(line);
            if (seen.Count == 2)
            {
                await engine.Runtime.StopAsync(agent, TimeSpan.FromSeconds(10), Timeouts.Token);
            }
        }

        Assert.Equal([new LogLine(false, "started"), new LogLine(true, "warned")], seen.OrderBy(line => line.IsError));
        Assert.Equal(1, await engine.Runtime.LogsAsync(agent, 1, follow: false, Timeouts.Token).CountAsync(Timeouts.Token));
    }

    [Fact]
    public async Task Events_OfThoseLabelsAlone_FromTheCallOn()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        await using var other = await RealEngine.OfAsync(docker);
        var events = engine.Runtime.EventsAsync(engine.Labels, Timeouts.Token);
        var stranger = await other.RunAsync(other.Spec("x"));
        var agent = await engine.RunAsync(engine.Spec("a"));
        await engine.Runtime.RemoveAsync(agent, force: true, Timeouts.Token);
        var actions = new List<string>();
        await foreach (var next in events)
        {
            Assert.Equal(agent, next.ContainerId);
            Assert.Equal(engine.Labels["trinity.test"], next.Labels["trinity.test"]);
            actions.Add(next.Action);
            if (next.Action == "destroy")
            {
                break;
            }
        }

        Assert.Equal(["create", "start", "kill", "die", "destroy"], actions);
        Assert.NotEqual(agent, stranger);
    }

    [Fact]
    public async Task Stats_OfARunningContainer_AreThere()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        var agent = await engine.RunAsync(engine.Spec("a"));
        var stats = await engine.Runtime.StatsAsync(agent, Timeouts.Token);
        Assert.InRange(stats.Pids, 1, 40);
        Assert.Equal(128 * 1024 * 1024, stats.MemoryLimitBytes);
        Assert.InRange(stats.MemoryBytes, 1, stats.MemoryLimitBytes);
        Assert.InRange(stats.CpuCores, 0, 1);
    }

    [Fact]
    public async Task Exec_TellsStreamsAndExitCodeApart()
    {
        await using var engine = await RealEngine.OfAsync(docker);
        var agent = await engine.RunAsync(engine.Spec("a"));
        Assert.Equal(new ExecResult(3, "out baked\n", "err\n"), await engine.Runtime.ExecAsync(agent, ["sh", "-c", "echo out $TOKEN; echo err >&2; exit 3"], Timeouts.Token));
        Assert.Equal(1_000_000, (await engine.Runtime.ExecAsync(agent, ["sh", "-c", "dd if=/dev/zero bs=1000 count=1000 2>/dev/null"], Timeouts.Token)).Output.Length);
        var stopped = await engine.Runtime.CreateAsync(engine.Spec("b"), Timeouts.Token);
        Assert.Equal(EngineFault.Conflict, (await Assert.ThrowsAsync<EngineException>(() => engine.Runtime.ExecAsync(stopped, ["true"], Timeouts.Token))).Fault);
    }
}
