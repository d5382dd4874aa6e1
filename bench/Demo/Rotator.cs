using System.Diagnostics;

namespace Trinity.Bench.Demo;

/// <summary>The operator: rotates the provider's key again and again, and follows every rollout until the old key is safe to revoke.</summary>
internal sealed class Rotator(DemoOptions options, ControlPlane controlPlane, DemoKeys keys, Board board, Failures failures)
{
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(200);

    private readonly List<Task> _followed = [];

    /// <summary>Returns when the last rotation is applied.</summary>
    public async Task RotateAsync(DemoKey first, CancellationToken cancellationToken)
    {
        var old = first;
        using var timer = new PeriodicTimer(options.RotationInterval);
        while (old.Number < options.Rotations && await timer.WaitForNextTickAsync(cancellationToken))
        {
            var key = keys.Add(old.Number + 1);
            board.Rotating(key);
            var (rollout, applied) = await controlPlane.RotateAsync(key, cancellationToken);
            if (!applied.Complete || applied.Replicas != options.Bridges.Count)
            {
                failures.Add($"rotation {key.Number} was applied by {applied.Replicas} of {options.Bridges.Count} bridges in {applied.ElapsedMs:0} ms");
            }

            board.Applied(key, applied);
            _followed.Add(FollowAsync(rollout, old, cancellationToken));
            old = key;
        }
    }

    /// <summary>Returns when every rollout has come to its end, whichever that is.</summary>
    public Task FinishAsync() => Task.WhenAll(_followed);

    private Task<Ending> FollowAsync(string rollout, DemoKey old, CancellationToken cancellationToken) =>
        failures.GuardAsync($"following the rollout of {old}", () => PollAsync(rollout, old, cancellationToken), cancellationToken);

    private async Task PollAsync(string id, DemoKey old, CancellationToken cancellationToken)
    {
        var started = Stopwatch.GetTimestamp();
        using var timer = new PeriodicTimer(PollInterval);
        do
        {
            var rollout = await controlPlane.GetRolloutAsync(id, cancellationToken);
            var elapsed = Stopwatch.GetElapsedTime(started);
            if (rollout.SafeToRevoke)
            {
                CheckUnused(old);
                board.Safe(old, elapsed);
                return;
            }

            board.Draining(old, rollout.InFlightOnOld);
            if (elapsed > options.DrainLimit)
            {
                throw new TimeoutException($"not safe to revoke after {elapsed.TotalSeconds:0} s: {rollout.WaitingFor}");
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private void CheckUnused(DemoKey old)
    {
        if (old.DeclareUnused() is > 0 and var running)
        {
            failures.Add($"{old} was called safe to revoke while the provider was sending {running} streams on it");
        }
    }
}
