using System.Collections.Concurrent;
using Trinity.ControlPlane.Replicas;
using Trinity.Shared.Hosting;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>Tells waiting writes when the fleet has applied them: one poll of the replicas serves every waiter, and none runs while nobody waits.</summary>
/// <remarks><c>_waiters</c> is filled by requests and emptied by whoever ends the wait; <c>_wake</c> is raised by requests and read by the loop.</remarks>
internal sealed partial class FleetWatcher(
    ReplicaStore replicas, TimeProvider time, ControlPlaneMetrics metrics, IHostApplicationLifetime lifetime, ILogger<FleetWatcher> logger) : SteadyBackgroundService(logger)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(20);

    private readonly ConcurrentDictionary<Waiter, byte> _waiters = new();
    private readonly SemaphoreSlim _wake = new(0);

    /// <summary>Returns when all live replicas serve <paramref name="generation"/>, at once when there is no replica at all, or after the timeout, or when the control plane stops; the report says whether it was applied.</summary>
    public async Task<AppliedReport> WaitAsync(long generation, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();
        var waiter = new Waiter(generation);
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, lifetime.ApplicationStopping, cancellationToken);
        _waiters.TryAdd(waiter, 0);
        try
        {
            _wake.Release();
            await waiter.Completed.Task.WaitAsync(either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // The write is committed; how far the fleet is by now is the answer.
        }
        finally
        {
            _waiters.TryRemove(waiter, out _);
        }

        var elapsed = time.GetElapsedTime(started);
        var seen = waiter.Seen;
        metrics.WaitEnded(elapsed, seen.Complete);
        return seen with { ElapsedMs = Math.Round(elapsed.TotalMilliseconds, 1) };
    }

    /// <summary>One look at the replicas, told to every waiter.</summary>
    public async Task PollOnceAsync(CancellationToken cancellationToken)
    {
        var progress = await replicas.ListProgressAsync(cancellationToken);
        foreach (var waiter in _waiters.Keys)
        {
            waiter.Look(progress);
        }
    }

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await _wake.WaitAsync(stoppingToken);
                while (!_waiters.IsEmpty)
                {
                    await TryPollAsync(stoppingToken);
                    if (!_waiters.IsEmpty)
                    {
                        await Task.Delay(PollInterval, time, stoppingToken);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Whoever still waited has been answered: requests end before this service does.
        }
    }

    private async Task TryPollAsync(CancellationToken cancellationToken)
    {
        try
        {
            await PollOnceAsync(cancellationToken);
        }
        catch (Exception exception) when (exception is not OperationCanceledException)
        {
            Log.FleetPollFailed(Logger, exception.Message); // the next tick tries again, until the waiters' timeouts
        }
    }

    /// <summary>One write's wait. <c>_seen</c> is replaced by the poll loop and read by the request.</summary>
    private sealed class Waiter(long generation)
    {
        private volatile AppliedReport _seen = new(generation, 0, 0, 0, 0, Complete: false);

        public TaskCompletionSource Completed { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public AppliedReport Seen => _seen;

        public void Look(IReadOnlyList<ReplicaProgress> progress)
        {
            var live = progress.Count(replica => replica.Live);
            var applied = progress.Count(replica => replica.Live && replica.Generation >= generation);
            var complete = applied == live && (live > 0 || progress.Count == 0); // when all are lost, none has applied anything
            _seen = new AppliedReport(generation, live, applied, progress.Count - live, 0, complete);
            if (complete)
            {
                Completed.TrySetResult();
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.FleetPollFailed, LogLevel.Warning, "The replicas' progress could not be read: {Reason}")]
        public static partial void FleetPollFailed(ILogger logger, string reason);
    }
}
