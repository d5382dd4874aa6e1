using System.Net;
using System.Net.Http.Headers;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Routing;
using Yarp.ReverseProxy.Forwarder;

namespace Trinity.AiBridge.Forwarding;

/// <summary>One attempt: addresses and authenticates the request, and decides on the reply's headers whether it is the client's or another key's turn.</summary>
/// <param name="bridge">The leased bridge.</param>
/// <param name="route">Where to.</param>
/// <param name="key">The provider's key; null when the request carries the client's own credential or none is needed.</param>
/// <param name="decide">Sees the reply's headers; false discards the reply unread.</param>
/// <param name="observe">Puts an observer in front of the reply's content.</param>
internal sealed class BridgeTransformer(
    Bridge bridge,
    ResolvedRoute route,
    RingKey? key,
    Func<HttpResponseMessage, bool> decide,
    Func<HttpResponseMessage, HttpContent> observe) : HttpTransformer
{
    private const string AcceptEncoding = "Accept-Encoding";

    public override async ValueTask TransformRequestAsync(HttpContext httpContext, HttpRequestMessage proxyRequest, string destinationPrefix, CancellationToken cancellationToken)
    {
        await base.TransformRequestAsync(httpContext, proxyRequest, destinationPrefix, cancellationToken);
        proxyRequest.Headers.Host = null; // the upstream's own name
        proxyRequest.RequestUri = RequestUtilities.MakeDestinationAddress(destinationPrefix, route.UpstreamPath, httpContext.Request.QueryString);
        if (route.Route.Bridged)
        {
            proxyRequest.Headers.Remove(AcceptEncoding); // what we observe must be readable: identity
        }

        foreach (var (name, value) in bridge.Provider.Config.Settings.ExtraHeaders)
        {
            proxyRequest.Headers.Remove(name);
            proxyRequest.Headers.TryAddWithoutValidation(name, value);
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

        await base.TransformResponseAsync(httpContext, proxyResponse, cancellationToken);
        if (proxyResponse.StatusCode != HttpStatusCode.SwitchingProtocols)
        {
            proxyResponse.Content = observe(proxyResponse);
        }

        return true;
    }

    /// <summary>Whether a reply is a stream is read off its content type, not off the request.</summary>
    public static bool IsEventStream(HttpContentHeaders headers) =>
        string.Equals(headers.ContentType?.MediaType, "text/event-stream", StringComparison.OrdinalIgnoreCase);
}
