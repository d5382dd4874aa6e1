namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>Warm workers by home, each lent to one probe at a time.</summary>
/// <remarks>
/// <c>_lock</c> guards <c>_homes</c>, <c>_isDisposed</c>, all that the slots hold, and who holds a worker. A worker is handed over held, under that lock: nobody
/// else can take it, and no flush can come between finding it and having it. Nothing is awaited, started or ended under it; it is never held together
/// with the lock of <see cref="WorkerProcesses"/>.
/// </remarks>
internal sealed class ProbeWorkerPool : IAsyncDisposable
{
    private const int ReapsPerIdleTime = 4;

    private readonly Lock _lock = new();
    private readonly Dictionary<string, HomeSlots> _homes = new(StringComparer.Ordinal);
    private readonly AccountUsageOptions _options;
    private readonly TimeProvider _time;
    private readonly ITimer _reaper;
    private bool _isDisposed;

    public ProbeWorkerPool(AccountUsageOptions options, IWorkerLauncher launcher, ProbeWorkerMetrics metrics, TimeProvider time, ILogger logger)
    {
        _options = options;
        _time = time;
        Processes = new WorkerProcesses(options.MaxWorkers, launcher, EndLeastRecentlyUsed, metrics, time, logger);
        _reaper = time.CreateTimer(_ => Reap(), null, options.WorkerIdle / ReapsPerIdleTime, options.WorkerIdle / ReapsPerIdleTime);
    }

    /// <summary>The workers' processes, and those of probes that got no worker.</summary>
    public WorkerProcesses Processes { get; }

    /// <summary>One of the home's workers, already held. Null when none was free in time: the caller goes without.</summary>
    public async ValueTask<WorkerLease?> ClaimAsync(string home, CancellationToken cancellationToken)
    {
        var (worker, turn) = TryClaim(home);
        if (turn is not null)
        {
            try
            {
                worker = await turn.Task.WaitAsync(_options.WorkerWait, _time, cancellationToken);
            }
            catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
            {
                worker = await GiveUpAsync(home, turn);
                if (exception is OperationCanceledException)
                {
                    Release(worker);
                    throw;
                }
            }
        }

        return worker is null ? null : new WorkerLease(this, worker);
    }

    /// <summary>Takes a worker back. One that was flushed meanwhile, or is broken, is ended; any other goes to whoever waits.</summary>
    public void Release(ProbeWorker? worker)
    {
        if (worker is null)
        {
            return;
        }

        var dropped = new List<ProbeWorker>();
        lock (_lock)
        {
            worker.IsHeld = false;
            worker.LastUsed = _time.GetTimestamp();
            if (_homes.TryGetValue(worker.Home, out var slots) && slots.Has(worker))
            {
                slots.Replace(each => !each.IsUsable, dropped);
                slots.Serve();
            }
            else
            {
                dropped.Add(worker);
            }
        }

        End(dropped);
    }

    /// <summary>Forgets a home's workers: a process keeps the environment that it was started with. Who is being answered is answered by the old one; the next gets a new one.</summary>
    public void Flush(string home)
    {
        var dropped = new List<ProbeWorker>();
        lock (_lock)
        {
            if (_homes.Remove(home, out var slots))
            {
                dropped.AddRange(slots.Idle);
                if (slots.HasWaiting)
                {
                    _homes.Add(home, slots.Renew());
                    _homes[home].Serve();
                }
            }
        }

        End(dropped);
    }

    public void FlushAll()
    {
        string[] homes;
        lock (_lock)
        {
            homes = [.. _homes.Keys];
        }

        Array.ForEach(homes, Flush);
    }

    /// <summary>Ends what is idle at once, and what is busy after a grace; refuses from then on.</summary>
    public async ValueTask DisposeAsync()
    {
        var dropped = new List<ProbeWorker>();
        lock (_lock)
        {
            _isDisposed = true;
            foreach (var slots in _homes.Values)
            {
                dropped.AddRange(slots.Idle);
                slots.Refuse();
            }

            _homes.Clear();
        }

        await _reaper.DisposeAsync();
        End(dropped);
        await Processes.DisposeAsync();
    }

    private (ProbeWorker? Worker, TaskCompletionSource<ProbeWorker?>? Turn) TryClaim(string home)
    {
        var dropped = new List<ProbeWorker>();
        try
        {
            lock (_lock)
            {
                if (_isDisposed)
                {
                    return (null, null);
                }

                if (!_homes.TryGetValue(home, out var slots))
                {
                    _homes.Add(home, slots = new HomeSlots(home, _options.WorkersPerHome));
                }

                slots.Replace(worker => !worker.IsUsable, dropped);
                return slots.TryHold() is { } free ? (free, null)
                    : _options.WorkerWait > TimeSpan.Zero ? (null, slots.Wait())
                    : (null, null);
            }
        }
        finally
        {
            End(dropped);
        }
    }

    // What was handed over while we gave up is ours all the same.
    private Task<ProbeWorker?> GiveUpAsync(string home, TaskCompletionSource<ProbeWorker?> turn)
    {
        lock (_lock)
        {
            return _homes.TryGetValue(home, out var slots) && slots.Withdraw(turn) ? Task.FromResult<ProbeWorker?>(null) : turn.Task;
        }
    }

    // By the timer: without probes, too, nothing lives on for ever. A home all of whose workers are stale is forgotten; else the stale ones are replaced.
    private void Reap()
    {
        var dropped = new List<ProbeWorker>();
        lock (_lock)
        {
            foreach (var (home, slots) in _homes.ToArray())
            {
                var before = dropped.Count;
                slots.Replace(IsStale, dropped);
                if (dropped.Count - before == _options.WorkersPerHome)
                {
                    _homes.Remove(home);
                }
            }
        }

        End(dropped);
    }

    private bool IsStale(ProbeWorker worker) =>
        !worker.IsUsable || (worker.State == WorkerState.Running && _time.GetElapsedTime(worker.LastUsed) >= _options.WorkerIdle);

    /// <summary>Makes room for a process where there are as many as may be; false when none is idle.</summary>
    private bool EndLeastRecentlyUsed()
    {
        var dropped = new List<ProbeWorker>();
        lock (_lock)
        {
            var idle = _homes.Values.SelectMany(slots => slots.Idle).Where(worker => worker.State == WorkerState.Running);
            if (idle.MinBy(worker => worker.LastUsed) is { } oldest)
            {
                _homes[oldest.Home].Replace(worker => ReferenceEquals(worker, oldest), dropped);
            }
        }

        End(dropped);
        return dropped.Count > 0;
    }

    private void End(List<ProbeWorker> workers)
    {
        foreach (var worker in workers)
        {
            if (worker.Close() is { } process)
            {
                Processes.End(process);
            }
        }
    }
}
