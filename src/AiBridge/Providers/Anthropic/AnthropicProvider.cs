using System.Net;
using System.Net.Http.Headers;
using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Usage;
using Trinity.Shared.Limits;

namespace Trinity.AiBridge.Providers.Anthropic;

/// <summary>The Anthropic Messages API: the client's path is the upstream's.</summary>
internal sealed class AnthropicProvider : IProvider
{
    private static readonly BridgeRoute Messages = new("/v1/messages", Dialect.Messages, Bridged: true);
    private static readonly BridgeRoute CountTokens = new("/v1/messages/count_tokens", Dialect.Messages, Bridged: false);
    private static readonly BridgeRoute Models = new("/v1/models", Dialect.Messages, Bridged: false);
    private static readonly BridgeRoute Model = new("/v1/models/{id}", Dialect.Messages, Bridged: false);
    private static readonly BridgeRoute EventLogging = new("/api/event_logging/{id}", Dialect.Messages, Bridged: false);

    public Dialect DefaultDialect => Dialect.Messages;

    public RouteMatch? Match(PathString path)
    {
        BridgeRoute? route = path.Value switch
        {
            "/v1/messages" => Messages,
            "/v1/messages/count_tokens" => CountTokens,
            "/v1/models" => Models,
            { } text when text.StartsWith("/v1/models/", StringComparison.Ordinal) => Model,
            { } text when text.StartsWith("/api/event_logging/", StringComparison.Ordinal) => EventLogging,
            _ => null,
        };
        return route is null ? null : new RouteMatch(route, path);
    }

    /// <summary>Anthropic's base URL has no version; one that was written all the same would double it in the address.</summary>
    public string NormalizeBaseUrl(string baseUrl)
    {
        var trimmed = baseUrl.TrimEnd('/');
        return trimmed.EndsWith("/v1", StringComparison.Ordinal) ? trimmed[..^3].TrimEnd('/') : trimmed;
    }

    public void Authenticate(HttpRequestHeaders headers, string key) => headers.TryAddWithoutValidation(VirtualKeyAuthenticator.ApiKeyHeader, key);

    public IUsageReader CreateUsageReader(BridgeRoute route) => new MessagesUsageReader();

    /// <summary>401: unknown or expired. 402: nothing to pay with. 403: revoked, or not allowed to use the API. 429: a limit. An unknown model is 404.</summary>
    public bool RefusesCredential(HttpStatusCode status) =>
        status is HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized or HttpStatusCode.PaymentRequired or HttpStatusCode.Forbidden;

    public HttpStatusCode? RefusalIn(string error) => error switch
    {
        "rate_limit_error" => HttpStatusCode.TooManyRequests,
        "authentication_error" => HttpStatusCode.Unauthorized,
        "billing_error" => HttpStatusCode.PaymentRequired,
        "permission_error" => HttpStatusCode.Forbidden,
        _ => null,
    };

    public HeardLimits? ReadLimits(HttpResponseHeaders headers, DateTimeOffset now) => AnthropicLimits.Read(headers);
}
