namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>The workers of one home, always so many, and those who wait for one of them.</summary>
/// <remarks>Used under the pool's lock alone. Workers that it lets go of are added to the caller's list, to be ended after the lock.</remarks>
internal sealed class HomeSlots
{
    private readonly string _home;
    private readonly List<ProbeWorker> _workers;
    private readonly LinkedList<TaskCompletionSource<ProbeWorker?>> _line;

    public HomeSlots(string home, int size)
        : this(home, size, [])
    {
    }

    private HomeSlots(string home, int size, LinkedList<TaskCompletionSource<ProbeWorker?>> line)
    {
        _home = home;
        _workers = [.. Enumerable.Range(0, size).Select(_ => new ProbeWorker(home))];
        _line = line;
    }

    public IEnumerable<ProbeWorker> Idle => _workers.Where(worker => !worker.IsHeld);

    public bool HasWaiting => _line.Count > 0;

    public bool Has(ProbeWorker worker) => _workers.Contains(worker);

    /// <summary>Hands over a free worker, already held: one that runs before one that would have to be started.</summary>
    public ProbeWorker? TryHold()
    {
        var free = Idle.Where(worker => worker.IsUsable).MinBy(worker => worker.State == WorkerState.Running ? 0 : 1);
        if (free is not null)
        {
            free.IsHeld = true;
        }

        return free;
    }

    /// <summary>A place in the line for whichever worker becomes free first; null as its result means that there will be none.</summary>
    public TaskCompletionSource<ProbeWorker?> Wait()
    {
        var turn = new TaskCompletionSource<ProbeWorker?>(TaskCreationOptions.RunContinuationsAsynchronously);
        _line.AddLast(turn);
        return turn;
    }

    /// <summary>False: it has got its answer already.</summary>
    public bool Withdraw(TaskCompletionSource<ProbeWorker?> turn) => _line.Remove(turn);

    /// <summary>Gives free workers to those who wait, first come, first served.</summary>
    public void Serve()
    {
        while (_line.First is { } first && TryHold() is { } worker)
        {
            _line.RemoveFirst();
            first.Value.SetResult(worker);
        }
    }

    /// <summary>Puts a new worker in the place of each that is free and meets the condition; one that a probe has is never touched.</summary>
    public void Replace(Func<ProbeWorker, bool> condition, List<ProbeWorker> dropped)
    {
        for (var index = 0; index < _workers.Count; index++)
        {
            if (!_workers[index].IsHeld && condition(_workers[index]))
            {
                dropped.Add(_workers[index]);
                _workers[index] = new ProbeWorker(_home);
            }
        }
    }

    /// <summary>New workers for the same home, and for those who wait there.</summary>
    public HomeSlots Renew() => new(_home, _workers.Count, _line);

    /// <summary>Tells all who wait that there will be no worker.</summary>
    public void Refuse()
    {
        foreach (var turn in _line)
        {
            turn.SetResult(null);
        }

        _line.Clear();
    }
}
