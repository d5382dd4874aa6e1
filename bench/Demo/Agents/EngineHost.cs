using Trinity.TestSupport.Docker;

namespace Trinity.Bench.Demo.Agents;

/// <summary>Runs a container engine of the demo's own until it is told to stop; nothing of it is left then.</summary>
internal static class EngineHost
{
    /// <param name="file">Gets two lines once the engine answers: its address, and this machine's as its containers see it.</param>
    /// <param name="stop">Ends it.</param>
    public static async Task<int> RunAsync(string file, CancellationToken stop)
    {
        var (engine, problem) = await DockerEngine.TryStartAsync();
        if (engine is null)
        {
            await Console.Error.WriteLineAsync(problem);
            return 1;
        }

        await using (engine)
        {
            await File.WriteAllTextAsync(file + ".new", $"{engine.Address}\n{engine.HostAddress}\n", CancellationToken.None);
            File.Move(file + ".new", file);
            await Task.Delay(Timeout.Infinite, stop).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        return 0;
    }
}
