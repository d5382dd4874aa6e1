namespace Trinity.Fault.Tests.Support;

/// <summary>One service as a process of its own, which can be asked to stop, killed, and started again on the same data and address.</summary>
internal sealed class Replica(string project, string url, IReadOnlyDictionary<string, string> environment) : IAsyncDisposable
{
    private ChildProcess? _process;

    public string Url => url;

    /// <summary>Where it keeps the records that Postgres does not have yet.</summary>
    public string Records => Path.Combine(environment["TRINITY_DATA"], "records");

    public string Logs => $"{_process?.Output}\n{_process?.Errors}";

    /// <summary>What its process uses now.</summary>
    public ProcessSample Sample() => ProcessSample.Of(_process!.ProgramId);

    /// <summary>Starts it and waits until it is ready.</summary>
    public async Task StartAsync()
    {
        if (_process is not null)
        {
            await _process.DisposeAsync();
        }

        _process = ChildProcess.Start(BuildOutput.Program(project) with { Environment = environment });
        using var probe = LoopbackHttp.CreateClient();
        await Eventually.TrueAsync(async () => await IsReadyAsync(probe), $"{project} is ready");
    }

    /// <summary>TERM: it drains and must end well.</summary>
    public async Task StopAsync() => (await _process!.StopAsync()).Succeeded();

    /// <summary>KILL.</summary>
    public Task KillAsync() => _process!.KillAsync();

    public ValueTask DisposeAsync() => _process?.DisposeAsync() ?? ValueTask.CompletedTask;

    private async Task<bool> IsReadyAsync(HttpClient probe)
    {
        Assert.False(_process!.HasExited, $"{project} has ended.\n{Logs}");
        return await Probe.IsReadyAsync(probe, url, Timeouts.Token);
    }
}
