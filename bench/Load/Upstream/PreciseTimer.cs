using System.Diagnostics;
using Trinity.Bench.Load.OpenLoop;

namespace Trinity.Bench.Load.Upstream;

/// <summary>The pauses of a model, to within some ten microseconds: .NET's own timers count in whole milliseconds, more than a gateway adds.</summary>
/// <remarks><c>_due</c> is also the lock that guards it: requests add, the timer's thread takes.</remarks>
internal sealed class PreciseTimer
{
    /// <summary>How soon one that was added meanwhile is seen: no delay is shorter.</summary>
    private static readonly long Look = Stopwatch.Frequency / 1000;

    private readonly PriorityQueue<TaskCompletionSource, long> _due = new();

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

    private void Run()
    {
        while (true)
        {
            TakeDue()?.SetResult();
        }
    }

    private TaskCompletionSource? TakeDue()
    {
        long next;
        lock (_due)
        {
            while (_due.Count == 0)
            {
                Monitor.Wait(_due);
            }

            _due.TryPeek(out var first, out next);
            if (next <= Stopwatch.GetTimestamp())
            {
                _due.Dequeue();
                return first;
            }
        }

        PreciseWait.Until(Math.Min(next, Stopwatch.GetTimestamp() + Look));
        return null;
    }
}
