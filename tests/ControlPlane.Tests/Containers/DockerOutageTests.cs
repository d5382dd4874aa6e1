using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

/// <summary>The engine is killed in the middle of everything, and comes back.</summary>
public sealed class DockerOutageTests
{
    [Fact]
    public async Task Killed_EveryOperationSaysSo_AndTheStateIsTrueAfterwards()
    {
        var (started, problem) = await DockerEngine.TryStartAsync();
        Assert.SkipWhen(started is null, $"needs a container engine of its own: {problem}");
        await using var docker = started;
        await using var engine = new RealEngine(docker.Api);
        var agent = await engine.RunAsync(engine.Spec("a"));
        await engine.ShellAsync(agent, $"echo rotated > {SecurityEnvelope.StateDirectory}/credential");

        await using var events = engine.Runtime.EventsAsync(engine.Labels, Timeouts.Token).GetAsyncEnumerator(Timeouts.Token);
        await using var logs = engine.Runtime.LogsAsync(agent, 10, follow: true, Timeouts.Token).GetAsyncEnumerator(Timeouts.Token);
        Assert.True(await logs.MoveNextAsync());
        var exec = engine.Runtime.ExecAsync(agent, ["sleep", "600"], Timeouts.Token);
        do
        {
            Assert.True(await events.MoveNextAsync());
        }
        while (events.Current.Action != "exec_start");

        await docker.KillAsync();
        await UnreachableAsync(() => exec);
        await UnreachableAsync(() => EndOfAsync(events));
        await UnreachableAsync(() => EndOfAsync(logs));
        await UnreachableAsync(() => engine.Runtime.ListAsync(engine.Labels, Timeouts.Token));
        await UnreachableAsync(() => engine.Runtime.StopAsync(agent, TimeSpan.Zero, Timeouts.Token));

        await docker.RestartAsync();
        Assert.Equal([ContainerState.Exited], (await engine.Runtime.ListAsync(engine.Labels, Timeouts.Token)).Select(container => container.State));
        await engine.Runtime.StartAsync(agent, Timeouts.Token);
        Assert.Equal("rotated", await engine.ShellAsync(agent, $"cat {SecurityEnvelope.StateDirectory}/credential"));
    }

    private static async Task EndOfAsync<T>(IAsyncEnumerator<T> stream)
    {
        while (await stream.MoveNextAsync())
        {
            // what was under way
        }
    }

    private static async Task UnreachableAsync(Func<Task> call)
    {
        var away = await Assert.ThrowsAsync<EngineException>(call);
        Assert.True(away.Fault == EngineFault.Unreachable, away.Message);
    }
}
