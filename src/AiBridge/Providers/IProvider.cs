using System.Net;
using System.Net.Http.Headers;
using Trinity.AiBridge.Usage;
using Trinity.Shared.Limits;

namespace Trinity.AiBridge.Providers;

/// <summary>All that differs by vendor. Stateless; one instance per provider type.</summary>
internal interface IProvider
{
    /// <summary>The errors of requests that match no route.</summary>
    Dialect DefaultDialect { get; }

    /// <summary>Matches what follows <c>/{provider}</c>; null when the type serves no such path.</summary>
    RouteMatch? Match(PathString path);

    /// <summary>The base URL without a trailing slash, such that base URL + <see cref="RouteMatch.UpstreamPath"/> is the upstream's address.</summary>
    string NormalizeBaseUrl(string baseUrl);

    /// <summary>Puts the provider's key into the request; the client's credentials are already gone.</summary>
    void Authenticate(HttpRequestHeaders headers, string key);

    IUsageReader CreateUsageReader(BridgeRoute route);

    /// <summary>Whether a reply of a bridged route refuses the credential, for now or for good, rather than the request.</summary>
    bool RefusesCredential(HttpStatusCode status);

    /// <summary>The status that an error in the middle of a reply would have had at its beginning, if it is the credential that is refused; null otherwise.</summary>
    /// <param name="error">As the usage reader names it.</param>
    HttpStatusCode? RefusalIn(string error);

    /// <summary>What a reply says of the limits behind the credential; null: nothing, which costs a few look-ups to find out.</summary>
    /// <param name="headers">The reply's.</param>
    /// <param name="now">When it came: some limits end so much later.</param>
    HeardLimits? ReadLimits(HttpResponseHeaders headers, DateTimeOffset now);
}
