using System.Net;
using System.Text;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Sets up a connection pool to an upstream: nothing that alters a message, nothing that follows where we did not send it.</summary>
internal static class InvokerFactory
{
    public static HttpMessageInvoker Create(UpstreamAddressPolicy policy, bool inlineSockets) => new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1, // the very bytes that the server read; it is the default for replies
        ActivityHeadersPropagator = null, // our trace ids are no business of a provider's
        ConnectTimeout = TimeSpan.FromSeconds(15),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(55), // below the idle limits of common servers, so that we close first
        PooledConnectionLifetime = TimeSpan.FromMinutes(15),    // follows DNS; never ends a request
        EnableMultipleHttp2Connections = true,
        KeepAlivePingDelay = TimeSpan.FromSeconds(30),
        KeepAlivePingTimeout = TimeSpan.FromSeconds(15),
        KeepAlivePingPolicy = HttpKeepAlivePingPolicy.WithActiveRequests,
        ConnectCallback = UpstreamConnector.Create(policy, inlineSockets ? InlineSockets.Remember : null),     // refuses forbidden addresses after DNS
        PlaintextStreamFilter = inlineSockets ? InlineSockets.UseRemembered : null,
    });
}
