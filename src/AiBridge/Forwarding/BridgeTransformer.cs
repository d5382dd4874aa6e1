using System.Net;
using System.Net.Http.Headers;
using Microsoft.AspNetCore.Http.Features;
using Trinity.AiBridge.Routing;
using Yarp.ReverseProxy.Forwarder;

namespace Trinity.AiBridge.Forwarding;

/// <summary>One attempt: addresses and authenticates the request, and decides on the reply's headers whether it is the client's or another key's turn.</summary>
/// <param name="exchange">What is forwarded.</param>
/// <param name="key">The provider's key; null when the request carries the client's own credential or none is needed.</param>
/// <param name="decide">Sees the reply's headers; false discards the reply unread.</param>
/// <param name="observe">Puts an observer in front of the reply's content.</param>
internal sealed class BridgeTransformer(
    Exchange exchange,
    RingKey? key,
    Func<HttpResponseMessage, bool> decide,
    Func<HttpResponseMessage, HttpContent> observe) : HttpTransformer
{
    private const string AcceptEncoding = "Accept-Encoding";

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        var (_, bridge, route, _, _, _, _) = exchange;
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.Headers.Host = null; // the upstream's own name
        proxyRequest.RequestUri = bridge.Addresses.Get(route.UpstreamPath, httpContext.Request.QueryString);
        if (route.Route.Bridged)
        {
            proxyRequest.Headers.Remove(AcceptEncoding); // what we observe must be readable: identity
        }

        if (key is not null)
        {
            bridge.Type.Authenticate(proxyRequest.Headers, key.Key.Secret.Reveal());
        }
    }

    public override async ValueTask<bool> TransformResponseAsync(HttpContext httpContext, HttpResponseMessage? proxyResponse, CancellationToken cancellationToken)
    {
        if (proxyResponse is null || !decide(proxyResponse))
        {
            return false;
        }

        if (proxyResponse.StatusCode == HttpStatusCode.SwitchingProtocols && !WebSocketUpgrade.IsAskedFor(httpContext.Request))
        {
            throw new HttpRequestException(HttpRequestError.InvalidResponse, "The provider switched to a protocol that nobody asked for.");
        }

        await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        httpContext.Response.Headers[ReplyHeaders.InterceptionId] = exchange.Draft.IdText; // again: a failover cleared it, a bridge behind this one may have set its own
        if (proxyResponse.StatusCode is HttpStatusCode.NotFound or HttpStatusCode.MethodNotAllowed or HttpStatusCode.NotImplemented && WebSocketUpgrade.IsAskedFor(httpContext.Request))
        {
            SayThatThereAreNoWebSockets(httpContext);
        }

        if (proxyResponse.StatusCode != HttpStatusCode.SwitchingProtocols)
        {
            proxyResponse.Content = observe(proxyResponse);
        }

        return true;
    }

    // Codex takes this status for it and goes on over HTTP; after any other it tries five more times, which costs seconds.
    private static void SayThatThereAreNoWebSockets(HttpContext context)
    {
        context.Response.StatusCode = StatusCodes.Status426UpgradeRequired;
        context.Features.GetRequiredFeature<IHttpResponseFeature>().ReasonPhrase = null; // the provider's
    }

    /// <summary>Whether a reply is a stream is read off its content type, not off the request.</summary>
    public static bool IsEventStream(HttpContentHeaders headers) =>
        string.Equals(headers.ContentType?.MediaType, "text/event-stream", StringComparison.OrdinalIgnoreCase);
}
