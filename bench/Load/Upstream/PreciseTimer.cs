using System.Diagnostics;
using Trinity.Bench.Load.Measuring;

namespace Trinity.Bench.Load.Upstream;

/// <summary>The pauses of a model, to within some hundred microseconds: .NET's own timers count in whole milliseconds, more than a gateway adds.</summary>
/// <remarks><c>_due</c> is also the lock that guards it and <c>_ended</c>: requests add, the timer's thread takes.</remarks>
internal sealed class PreciseTimer : IDisposable
{
    /// <summary>How soon one that was added meanwhile is seen: no delay is shorter.</summary>
    private static readonly long Look = Stopwatch.Frequency / 1000;

    private readonly PriorityQueue<TaskCompletionSource, long> _due = new();
    private bool _ended;

    public PreciseTimer() => new Thread(Run) { IsBackground = true, Name = "Precise timer" }.Start();

    /// <param name="delay">From now, at least a millisecond.</param>
    /// <returns>What follows runs on the timer's thread, and must not keep it.</returns>
    public Task DelayAsync(TimeSpan delay)
    {
        var done = new TaskCompletionSource();
        lock (_due)
        {
            _due.Enqueue(done, Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency));
            Monitor.Pulse(_due);
        }

        return done.Task;
    }

    /// <summary>Delays that have not ended never will.</summary>
    public void Dispose()
    {
        lock (_due)
        {
            _ended = true;
            Monitor.Pulse(_due);
        }
    }

    private void Run()
    {
        while (WaitsFor(out var next))
        {
            PreciseWait.Until(Math.Min(next, Stopwatch.GetTimestamp() + Look));
            while (TakeDue() is { } due)
            {
                due.SetResult();
            }
        }
    }

    private bool WaitsFor(out long next)
    {
        lock (_due)
        {
            while (_due.Count == 0 && !_ended)
            {
                Monitor.Wait(_due);
            }

            return _due.TryPeek(out _, out next) && !_ended;
        }
    }

    private TaskCompletionSource? TakeDue()
    {
        lock (_due)
        {
            return _due.TryPeek(out _, out var next) && next <= Stopwatch.GetTimestamp() ? _due.Dequeue() : null;
        }
    }
}
