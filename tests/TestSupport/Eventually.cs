using System.Diagnostics;

namespace Trinity.TestSupport;

/// <summary>Polls for what happens in another process; inside one process wait on a signal instead.</summary>
public static class Eventually
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(20);

    public static Task TrueAsync(Func<bool> condition, string because, TimeSpan? within = null) =>
        TrueAsync(() => Task.FromResult(condition()), because, within);

    /// <summary>Returns when the condition holds; throws <see cref="TimeoutException"/> when it does not in time.</summary>
    public static async Task TrueAsync(Func<Task<bool>> condition, string because, TimeSpan? within = null)
    {
        var limit = within ?? Timeouts.Default;
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(Interval);
        while (!await condition())
        {
            if (Stopwatch.GetElapsedTime(started) > limit)
            {
                throw new TimeoutException($"Not true within {limit.TotalSeconds:0.###} s: {because}");
            }

            await timer.WaitForNextTickAsync(Timeouts.After(limit));
        }
    }
}
