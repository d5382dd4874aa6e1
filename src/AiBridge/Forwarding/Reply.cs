using Trinity.AiBridge.Providers;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Forwarding;

/// <summary>The provider's reply as it passes: who observes it, what ends it, and how it went. One request owns it.</summary>
internal sealed class Reply(HttpContext context, BridgeRoute route, InterceptionDraft draft, ReplyLimits limits, TimeProvider time, ReplyObserver observer) : IDisposable
{
    public ReplyObserver Observer => observer;

    public ReplyLimits Limits => limits;

    public TimeProvider Time => time;

    /// <summary>What broke the reply off, if anything did.</summary>
    public BridgeError? Broken { get; private set; }

    public ReadOnlyMemory<byte> Ping => DialectWriter.Ping(route.Dialect);

    public void OnBytes(ReadOnlySpan<byte> bytes)
    {
        draft.FirstByteAfter ??= time.GetElapsedTime(draft.StartedTimestamp);
        observer.OnBytes(bytes);
    }

    public void OnEnd() => observer.OnEnd();

    /// <summary>Remembers why the reply cannot go on and returns the events that tell a streaming client.</summary>
    public byte[] Break(BridgeError error)
    {
        Broken = error;
        return DialectWriter.StreamError(route.Dialect, error, draft.Id);
    }

    /// <summary>Sends the headers ahead of a stream whose first byte takes its time. Starting the response alone would keep them in the server's buffer.</summary>
    public Task SendHeadersAsync(CancellationToken cancellationToken) =>
        context.Response.HasStarted ? Task.CompletedTask : context.Response.Body.FlushAsync(cancellationToken);

    public void Dispose() => observer.Dispose();
}
