using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Http;

/// <summary>Connections for asking a provider about a credential: to allowed addresses only, and never to where a reply would lead.</summary>
internal static class ProbeInvoker
{
    public static HttpMessageInvoker Create(UpstreamAddressPolicy addresses) => new(new SocketsHttpHandler
    {
        ConnectCallback = UpstreamConnector.Create(addresses),
        AllowAutoRedirect = false, // a redirect could lead anywhere, credential in hand
        UseProxy = false,
        UseCookies = false,
        PooledConnectionLifetime = TimeSpan.FromSeconds(30),
    });
}
