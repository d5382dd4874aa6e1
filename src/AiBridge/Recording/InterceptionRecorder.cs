using System.Threading.Channels;
using Trinity.AiBridge.Telemetry;

namespace Trinity.AiBridge.Recording;

/// <summary>Takes finished exchanges off the request path. Never blocks and never fails a request: a full queue drops the record and counts it.</summary>
/// <remarks>The channel is thread-safe: any request writes, <see cref="RecordShipper"/> alone reads.</remarks>
internal sealed partial class InterceptionRecorder(BridgeMetrics metrics, TimeProvider time, ILogger<InterceptionRecorder> logger)
{
    /// <summary>For an outage of Postgres in which the journal cannot take records either: about a quarter of an hour at a hundred requests a second.</summary>
    public const int Capacity = 100_000;

    private readonly Channel<Interception> _queue = Channel.CreateBounded<Interception>(new BoundedChannelOptions(Capacity) { SingleReader = true });
    private readonly AnonymousQuota _anonymous = new(time);
    private int _dropping;

    public ChannelReader<Interception> Queue => _queue.Reader;

    public void Record(Interception interception)
    {
        if (interception.VirtualKeyId is null && !_anonymous.TryTake())
        {
            return; // the metrics count it
        }

        if (_queue.Writer.TryWrite(interception))
        {
            Volatile.Write(ref _dropping, 0);
            return;
        }

        metrics.RecordDropped();
        if (Interlocked.Exchange(ref _dropping, 1) == 0)
        {
            Log.RecordsDropped(logger, Capacity);
        }
    }

    /// <summary>No more will come.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    private static partial class Log
    {
        [LoggerMessage(EventIds.RecordsDropped, LogLevel.Error, "The record queue is full ({Capacity}): records are being dropped until the journal or Postgres takes them again.")]
        public static partial void RecordsDropped(ILogger logger, int capacity);
    }
}
