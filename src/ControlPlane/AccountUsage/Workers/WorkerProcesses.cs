namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>Every process there is, a worker's or a lone probe's: never more than so many, each ended and waited for.</summary>
/// <remarks>
/// <c>_lock</c> guards all fields; nothing is awaited or called under it. A place is taken before a process is started and given back when it has been waited
/// for, at best straight to who waits. Nobody waits for ever: a probe has one place at most and there are no more probes than places, so as many as wait for
/// one are idle or ending, and who waits has one of the idle ended unless enough are ending.
/// </remarks>
internal sealed partial class WorkerProcesses : IAsyncDisposable
{
    /// <summary>How long a process may take to end when asked to, and probes to be answered when everything ends.</summary>
    public static readonly TimeSpan Grace = TimeSpan.FromSeconds(1);

    private readonly Lock _lock = new();
    private readonly HashSet<IWorkerProcess> _living = [];
    private readonly HashSet<Task> _endings = [];
    private readonly LinkedList<TaskCompletionSource<bool>> _line = [];
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly int _most;
    private readonly IWorkerLauncher _launcher;
    private readonly Func<bool> _endIdle;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private int _places;
    private int _ending;
    private bool _isDisposed;

    /// <param name="most">How many there may be at once.</param>
    /// <param name="launcher">What starts them.</param>
    /// <param name="endIdle">Ends an idle one; called without any lock of ours.</param>
    public WorkerProcesses(int most, IWorkerLauncher launcher, Func<bool> endIdle, ProbeWorkerMetrics metrics, TimeProvider time, ILogger logger)
    {
        (_most, _launcher, _endIdle, _time, _logger) = (most, launcher, endIdle, time, logger);
        metrics.CountLiving(() => Count);
    }

    /// <summary>How many there are, those that start or end included.</summary>
    public int Count
    {
        get
        {
            lock (_lock)
            {
                return _places;
            }
        }
    }

    /// <summary>Starts a process for the home as soon as there is room. Null when it cannot be started; whoever gets one must <see cref="End"/> it, once.</summary>
    public async Task<IWorkerProcess?> StartAsync(string home, CancellationToken cancellationToken)
    {
        if (!await TakePlaceAsync(cancellationToken))
        {
            return null;
        }

        IWorkerProcess process;
        try
        {
            process = await _launcher.LaunchAsync(home, cancellationToken);
        }
        catch (Exception exception)
        {
            GivePlaceBack();
            if (exception is OperationCanceledException && cancellationToken.IsCancellationRequested)
            {
                throw;
            }

            Log.NotStarted(_logger, home, exception.Message);
            return null;
        }

        bool isLate;
        lock (_lock)
        {
            _living.Add(process);
            isLate = _isDisposed;
        }

        if (isLate)
        {
            End(process);
            return null;
        }

        return process;
    }

    /// <summary>Asks a process to end, and kills it when it has not after the grace. Returns at once.</summary>
    public void End(IWorkerProcess process)
    {
        lock (_lock)
        {
            _ending++;
        }

        var ending = EndAsync(process);
        lock (_lock)
        {
            _endings.RemoveWhere(each => each.IsCompleted);
            _endings.Add(ending);
        }
    }

    /// <summary>Waits until all have ended; those that have not after the grace are killed. Refuses from the first moment on.</summary>
    public async ValueTask DisposeAsync()
    {
        lock (_lock)
        {
            _isDisposed = true;
            foreach (var turn in _line)
            {
                turn.SetResult(false);
            }

            _line.Clear();
            if (_places == 0)
            {
                _empty.TrySetResult();
            }
        }

        try
        {
            await _empty.Task.WaitAsync(Grace, _time);
        }
        catch (TimeoutException)
        {
            IWorkerProcess[] left;
            lock (_lock)
            {
                left = [.. _living];
            }

            Array.ForEach(left, process => process.Kill()); // those who listen to them hear the end, and have them waited for
            await _empty.Task;
        }

        Task[] endings;
        lock (_lock)
        {
            endings = [.. _endings];
        }

        await Task.WhenAll(endings);
    }

    private async Task<bool> TakePlaceAsync(CancellationToken cancellationToken)
    {
        var turn = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        bool isShort;
        lock (_lock)
        {
            if (_isDisposed || _places < _most)
            {
                _places += _isDisposed ? 0 : 1;
                return !_isDisposed;
            }

            _line.AddLast(turn);
            isShort = _ending < _line.Count;
        }

        if (isShort)
        {
            _endIdle();
        }

        try
        {
            return await turn.Task.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException)
        {
            bool isGiven;
            lock (_lock)
            {
                isGiven = !_line.Remove(turn);
            }

            if (isGiven && await turn.Task)
            {
                GivePlaceBack();
            }

            throw;
        }
    }

    private void GivePlaceBack()
    {
        lock (_lock)
        {
            if (_line.First is { } first)
            {
                _line.RemoveFirst();
                first.Value.SetResult(true);
            }
            else if (--_places == 0 && _isDisposed)
            {
                _empty.TrySetResult();
            }
        }
    }

    private async Task EndAsync(IWorkerProcess process)
    {
        process.CloseInput();
        try
        {
            await process.Exited.WaitAsync(Grace, _time);
        }
        catch (TimeoutException)
        {
            process.Kill();
            await process.Exited;
        }

        process.Dispose();
        lock (_lock)
        {
            _living.Remove(process);
            _ending--;
        }

        GivePlaceBack();
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.ProbeWorkerNotStarted, LogLevel.Warning, "A probe worker for the home {Home} could not be started: {Reason}")]
        public static partial void NotStarted(ILogger logger, string home, string reason);
    }
}
