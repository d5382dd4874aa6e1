using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Puts the observer that a reply needs in front of its content; owns what it made until the attempt is over.</summary>
internal sealed class ReplyFactory(Exchange exchange, ReplyLimits limits, TimeProvider time) : IDisposable
{
    private volatile bool _endsItself; // set by the request, read by whoever cuts it

    /// <summary>The reply is an event stream, which ends in the vendor's error event when it must.</summary>
    public bool EndsItself => _endsItself;

    /// <summary>Null as long as no reply is observed.</summary>
    public Reply? Reply { get; private set; }

    public HttpContent Observe(HttpResponseMessage response)
    {
        if (!exchange.Route.Route.Bridged)
        {
            return response.Content;
        }

        var streaming = BridgeTransformer.IsEventStream(response.Content.Headers);
        exchange.Draft.Streaming = streaming;
        if (response.Content.Headers.ContentEncoding.Count > 0)
        {
            return response.Content; // encoded against our wish: it passes, and its usage is unknown
        }

        var reader = exchange.Bridge.Type.CreateUsageReader(exchange.Route.Route);
        exchange.Draft.Usage = reader;
        var reply = Reply = new Reply(exchange.Context, exchange.Route.Route, exchange.Draft, limits, time, new ReplyObserver(reader, streaming));
        if (!streaming)
        {
            return new ObservedContent(response.Content, provider => new ObservingStream(provider, reply));
        }

        _endsItself = true;
        exchange.Context.Response.ContentLength = null; // pings and errors of ours lengthen it, a chunk kept back shortens it
        var chunked = response.Headers.TransferEncodingChunked is true;
        if (!exchange.UsageInserted)
        {
            return new ObservedContent(response.Content, provider => new EventStream(provider, chunked, reply, exchange.Bridge.Aborted));
        }

        return new ObservedContent(response.Content, provider => new UsageChunkFilter(new EventStream(provider, chunked, reply, exchange.Bridge.Aborted)));
    }

    public void Dispose() => Reply?.Dispose();
}
