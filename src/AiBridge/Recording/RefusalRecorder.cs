using System.Threading.Channels;
using Trinity.AiBridge.Telemetry;

namespace Trinity.AiBridge.Recording;

/// <summary>Takes refusals of callers' own credentials off the request path. Never blocks and never fails a request: a full queue drops the refusal and counts it.</summary>
/// <remarks>The channel is thread-safe: any request writes, <see cref="RefusalShipper"/> alone reads.</remarks>
internal sealed partial class RefusalRecorder(BridgeMetrics metrics, ILogger<RefusalRecorder> logger)
{
    /// <summary>Clients repeat what was refused, so one that is dropped is told of again.</summary>
    public const int Capacity = 10_000;

    private readonly Channel<CredentialRefusal> _queue = Channel.CreateBounded<CredentialRefusal>(new BoundedChannelOptions(Capacity) { SingleReader = true });

    public ChannelReader<CredentialRefusal> Queue => _queue.Reader;

    public void Record(CredentialRefusal refusal)
    {
        metrics.CredentialRefused(refusal.Provider, refusal.Status);
        Log.CredentialRefused(logger, refusal.Id, refusal.Provider, refusal.Status, refusal.Fingerprint, refusal.VirtualKeyId);
        if (!_queue.Writer.TryWrite(refusal))
        {
            metrics.RefusalDropped();
        }
    }

    /// <summary>No more will come.</summary>
    public void Complete() => _queue.Writer.TryComplete();

    private static partial class Log
    {
        [LoggerMessage(EventIds.CredentialRefused, LogLevel.Warning, "Interception {Id}: {Provider} refused ({Status}) the caller's own credential {Fingerprint}, beside virtual key {VirtualKeyId}.")]
        public static partial void CredentialRefused(ILogger logger, Guid id, string provider, int status, string fingerprint, Guid virtualKeyId);
    }
}
