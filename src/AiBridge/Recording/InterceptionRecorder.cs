using System.Diagnostics.CodeAnalysis;
using System.Threading.Channels;
using Trinity.AiBridge.Telemetry;

namespace Trinity.AiBridge.Recording;

/// <summary>Takes finished exchanges off the request path. Never blocks and never fails a request: a long queue takes records without their tools' input, a full one drops them; both are counted.</summary>
/// <remarks>
/// The channel is thread-safe: any request writes, <see cref="RecordShipper"/> alone reads. <c>_weight</c> is both's (interlocked): a record is added before it can be taken.
/// The flags say whether the log has told; requests set them, the reader clears <c>_stripping</c>.
/// </remarks>
internal sealed partial class InterceptionRecorder(BridgeMetrics metrics, TimeProvider time, ILogger<InterceptionRecorder> logger)
{
    /// <summary>For an outage of Postgres in which the journal cannot take records either: about a quarter of an hour at a hundred requests a second.</summary>
    public const int Capacity = 100_000;

    /// <summary>Characters, about, of what is queued: from here on records come without their tools' input. One with all that a reply may hold has 8 Mi.</summary>
    public const long MaxWeightWithInput = 64 * 1024 * 1024;

    /// <summary>Characters, about: from here on records are dropped. Beside all the input there is room for nearly <see cref="Capacity"/> records without tools.</summary>
    public const long MaxWeight = 128 * 1024 * 1024;

    private readonly Channel<Interception> _queue = Channel.CreateBounded<Interception>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly AnonymousQuota _anonymous = new(time);
    private long _weight;
    private int _dropping;
    private int _stripping;

    /// <summary>Records that wait.</summary>
    public int Count => _queue.Reader.Count;

    public void Record(Interception interception)
    {
        if (interception.VirtualKeyId is null && !_anonymous.TryTake())
        {
            return; // the metrics count it
        }

        var weight = PendingBatch.WeightOf(interception);
        var before = Interlocked.Add(ref _weight, weight) - weight; // several requests at once see each other: one record at most passes a bound
        if (before is >= MaxWeightWithInput and < MaxWeight && interception.ToolUsages.Any(tool => tool.Input is not null))
        {
            interception = interception.WithoutToolInput();
            var stripped = PendingBatch.WeightOf(interception);
            before = Interlocked.Add(ref _weight, stripped - weight) - stripped;
            weight = stripped;
            CountStripped();
        }

        if (before < MaxWeight && _queue.Writer.TryWrite(interception))
        {
            Volatile.Write(ref _dropping, 0);
            return;
        }

        Interlocked.Add(ref _weight, -weight);
        metrics.RecordDropped();
        if (Interlocked.Exchange(ref _dropping, 1) == 0)
        {
            Log.RecordsDropped(logger, Count);
        }
    }

    /// <summary>True: there is a record to take. False: no more will come.</summary>
    public ValueTask<bool> WaitToTakeAsync(CancellationToken cancellationToken) => _queue.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>The oldest record, and what it weighs: characters, about.</summary>
    public bool TryTake([MaybeNullWhen(false)] out Interception interception, out long weight)
    {
        weight = 0;
        if (!_queue.Reader.TryRead(out interception))
        {
            return false;
        }

        weight = PendingBatch.WeightOf(interception);
        if (Interlocked.Add(ref _weight, -weight) < MaxWeightWithInput / 2 && Volatile.Read(ref _stripping) != 0)
        {
            Volatile.Write(ref _stripping, 0); // not at the bound itself: a queue that stays there would have a line for each batch
        }

        return true;
    }

    /// <summary>No more will come.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    private void CountStripped()
    {
        metrics.RecordStripped();
        if (Interlocked.Exchange(ref _stripping, 1) == 0)
        {
            Log.RecordsStripped(logger, Count);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.RecordsDropped, LogLevel.Error, "The record queue is full ({Count}): records are being dropped until the journal or Postgres takes them again.")]
        public static partial void RecordsDropped(ILogger logger, int count);

        [LoggerMessage(EventIds.RecordsStripped, LogLevel.Error, "The record queue is large ({Count}): records lose their tools' input until the journal or Postgres takes them again.")]
        public static partial void RecordsStripped(ILogger logger, int count);
    }
}
