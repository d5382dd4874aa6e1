namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>The right to use one worker until it is disposed of.</summary>
internal sealed class WorkerLease(ProbeWorkerPool pool, ProbeWorker worker) : IDisposable
{
    private int _released;

    public ProbeWorker Worker => worker;

    /// <summary>The worker's process, started if there is none yet. Null when it could not be.</summary>
    public async Task<IWorkerProcess?> ProcessAsync(CancellationToken cancellationToken)
    {
        if (worker.Process is { } running)
        {
            return running;
        }

        var started = await pool.Processes.StartAsync(worker.Home, cancellationToken);
        if (started is not null && !worker.TryRun(started))
        {
            pool.Processes.End(started);
            return null;
        }

        return started;
    }

    /// <summary>After a probe without an answer nobody knows what the process will say next: nobody is to listen to it again.</summary>
    public void Break()
    {
        if (worker.Close() is { } process)
        {
            pool.Processes.End(process);
        }
    }

    public void Dispose()
    {
        if (Interlocked.Exchange(ref _released, 1) == 0)
        {
            pool.Release(worker);
        }
    }
}
