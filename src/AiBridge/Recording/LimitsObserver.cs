using System.Collections.Concurrent;
using System.Threading.Channels;
using Trinity.AiBridge.Telemetry;

namespace Trinity.AiBridge.Recording;

/// <summary>Takes off the request path what replies say of limits, and keeps of each credential the last until it is written. Never blocks and never fails a request.</summary>
/// <remarks>
/// Any request adds to <c>_pending</c> or replaces in it; <see cref="LimitsShipper"/> alone takes out, and only the very observation that it has written, so that a
/// later one stays. <c>_count</c> is changed, interlocked, before an entry is added and after it is taken out: it is never below their number.
/// </remarks>
internal sealed partial class LimitsObserver(BridgeMetrics metrics, ILogger<LimitsObserver> logger)
{
    /// <summary>Credentials, not replies: it fills up only when Postgres does not take them and there are that many.</summary>
    public const int Capacity = 10_000;

    private readonly ConcurrentDictionary<string, ObservedLimits> _pending = new(StringComparer.Ordinal);
    private readonly Channel<bool> _signal = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { SingleReader = true, FullMode = BoundedChannelFullMode.DropWrite });
    private int _count;
    private int _dropping;

    /// <summary>Credentials of which something is still to be written.</summary>
    public int Count => Volatile.Read(ref _count);

    public void Observe(ObservedLimits observed)
    {
        metrics.LimitsObserved(observed.Provider);
        while (!TryReplace(observed) && !TryAdd(observed))
        {
            // Another request was there first, or it has been written meanwhile.
        }
    }

    /// <summary>Until there is something to write, at once if there is. False when no more will come.</summary>
    public async Task<bool> WaitAsync(CancellationToken cancellationToken) =>
        await _signal.Reader.WaitToReadAsync(cancellationToken) && _signal.Reader.TryRead(out _);

    /// <summary>What is to be written now.</summary>
    public IReadOnlyList<ObservedLimits> Pending() => [.. _pending.Values];

    /// <summary>Forgets what was written, unless there is something later.</summary>
    public void Written(IReadOnlyCollection<ObservedLimits> batch)
    {
        foreach (var written in batch)
        {
            metrics.LimitsWritten(written.Provider);
            if (_pending.TryRemove(KeyValuePair.Create(written.Credential, written)))
            {
                Interlocked.Decrement(ref _count);
            }
        }
    }

    /// <summary>What is pending is to be looked at again.</summary>
    public void Signal() => _signal.Writer.TryWrite(true);

    /// <summary>No more will come.</summary>
    public void Complete() => _signal.Writer.TryComplete();

    /// <summary>True as well when what is there is later.</summary>
    private bool TryReplace(ObservedLimits observed) =>
        _pending.TryGetValue(observed.Credential, out var there) && (there.ObservedAt > observed.ObservedAt || _pending.TryUpdate(observed.Credential, observed, there));

    /// <summary>True as well when there is no room.</summary>
    private bool TryAdd(ObservedLimits observed)
    {
        if (Interlocked.Increment(ref _count) > Capacity)
        {
            Interlocked.Decrement(ref _count);
            metrics.LimitsDropped(observed.Provider);
            if (Interlocked.Exchange(ref _dropping, 1) == 0)
            {
                Log.Dropped(logger, Capacity);
            }

            return true;
        }

        if (!_pending.TryAdd(observed.Credential, observed))
        {
            Interlocked.Decrement(ref _count);
            return false;
        }

        Volatile.Write(ref _dropping, 0);
        Signal();
        return true;
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.LimitsDropped, LogLevel.Warning, "The limits of {Capacity} credentials wait for Postgres: what is said of others is dropped until it takes them.")]
        public static partial void Dropped(ILogger logger, int capacity);
    }
}
