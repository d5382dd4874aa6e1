using Microsoft.Extensions.Options;

namespace Trinity.AiBridge.Reload;

/// <summary>Whether this replica is behind a configuration that it knows of, and for how long.</summary>
/// <remarks>
/// A replica that cannot reach Postgres does not know of a newer one and stays ready: taking the whole fleet out because its database is down would
/// turn a small outage into a large one. <c>_behindSince</c> is written by reports, one at a time, and read by health checks, through <see cref="Volatile"/>.
/// </remarks>
internal sealed class Convergence(TimeProvider time, ChangeSignal signal, IOptions<AiBridgeOptions> options)
{
    private const long Converged = 0;

    private long _behindSince; // UTC ticks

    /// <summary>The database is at <paramref name="revision"/>, we serve <paramref name="generation"/>; when they differ, a notification was lost or is under way.</summary>
    public void Saw(long revision, long? generation)
    {
        if (revision == generation)
        {
            Volatile.Write(ref _behindSince, Converged);
            return;
        }

        if (Volatile.Read(ref _behindSince) == Converged)
        {
            Volatile.Write(ref _behindSince, time.GetUtcNow().UtcTicks);
        }

        signal.Raise();
    }

    /// <summary>Behind for longer than the replica may be and still count as ready.</summary>
    public bool IsStuck =>
        Volatile.Read(ref _behindSince) is not Converged and var since && time.GetUtcNow().UtcTicks - since > options.Value.UnreadyAfter.Ticks;
}
