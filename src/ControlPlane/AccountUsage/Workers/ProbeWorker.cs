namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>One slot of a home: a process that the first probe starts, and that answers one probe at a time.</summary>
/// <remarks>
/// State and process are one reference, <c>_life</c>, that any thread may move forward by compare-and-swap or exchange, so each process is closed by exactly one.
/// <see cref="IsHeld"/> and <see cref="LastUsed"/> are read and written under the pool's lock alone; <c>_asked</c> is used by the holder alone.
/// </remarks>
internal sealed class ProbeWorker(string home)
{
    private Life _life = Life.NeverStarted;
    private long _asked;

    public string Home => home;

    public WorkerState State => Volatile.Read(ref _life).State;

    /// <summary>Of a running worker; it may have exited.</summary>
    public IWorkerProcess? Process => Volatile.Read(ref _life).Process;

    /// <summary>Whether a probe may be given it. One whose process died unasked is as good as closed.</summary>
    public bool IsUsable => Volatile.Read(ref _life) is { State: WorkerState.NeverStarted } or { State: WorkerState.Running, Process.Exited.IsCompleted: false };

    /// <summary>Whether a probe has it.</summary>
    public bool IsHeld { get; set; }

    /// <summary>When the last probe gave it back: a timestamp of the clock that only goes forward.</summary>
    public long LastUsed { get; set; }

    public long NextId() => ++_asked;

    /// <summary>From never started to running. False when it is anything else: the process was not taken over.</summary>
    public bool TryRun(IWorkerProcess process) =>
        ReferenceEquals(Interlocked.CompareExchange(ref _life, new Life(WorkerState.Running, process), Life.NeverStarted), Life.NeverStarted);

    /// <summary>From any state to closed. The process goes to the one caller who has to end it; to all others null.</summary>
    public IWorkerProcess? Close() => Interlocked.Exchange(ref _life, Life.Closed).Process;

    private sealed record Life(WorkerState State, IWorkerProcess? Process)
    {
        public static readonly Life NeverStarted = new(WorkerState.NeverStarted, null);
        public static readonly Life Closed = new(WorkerState.Closed, null);
    }
}
