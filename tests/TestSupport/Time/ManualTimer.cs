namespace Trinity.TestSupport.Time;

/// <summary>A timer of <see cref="ManualTimeProvider"/>, whose lock guards the mutable properties.</summary>
internal sealed class ManualTimer(ManualTimeProvider time, TimerCallback callback, object? state) : ITimer
{
    private readonly ExecutionContext? _context = ExecutionContext.Capture();
    private volatile bool _disposed;

    public TimeSpan Due { get; set; }

    public TimeSpan Period { get; set; }

    /// <summary>Among timers due at the same moment, the one armed first fires first.</summary>
    public long Sequence { get; set; }

    public bool Change(TimeSpan dueTime, TimeSpan period)
    {
        if (_disposed)
        {
            return false;
        }

        time.Arm(this, dueTime, period);
        return true;
    }

    public void Fire()
    {
        if (_disposed)
        {
            return;
        }

        if (_context is null)
        {
            callback(state);
        }
        else
        {
            ExecutionContext.Run(_context, static timer => ((ManualTimer)timer!).Call(), this);
        }
    }

    public void Dispose()
    {
        _disposed = true;
        time.Disarm(this);
    }

    public ValueTask DisposeAsync()
    {
        Dispose();
        return ValueTask.CompletedTask;
    }

    private void Call() => callback(state);
}
