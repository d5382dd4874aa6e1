using System.Net;
using System.Net.Http.Headers;
using Trinity.AiBridge.Usage;
using Trinity.Shared.Limits;

namespace Trinity.AiBridge.Providers.OpenAi;

/// <summary>The OpenAI APIs and all that are compatible. Clients write <c>/{provider}/v1/…</c>; the base URL holds the upstream's version.</summary>
internal sealed class OpenAiProvider : IProvider
{
    private const string Version = "/v1";

    private static readonly BridgeRoute Chat = new("/v1/chat/completions", Dialect.ChatCompletions, Bridged: true);
    private static readonly BridgeRoute Responses = new("/v1/responses", Dialect.Responses, Bridged: true);
    private static readonly BridgeRoute Response = new("/v1/responses/{id}", Dialect.Responses, Bridged: false);
    private static readonly BridgeRoute Conversations = new("/v1/conversations", Dialect.Responses, Bridged: false);
    private static readonly BridgeRoute Conversation = new("/v1/conversations/{id}", Dialect.Responses, Bridged: false);
    private static readonly BridgeRoute Models = new("/v1/models", Dialect.Responses, Bridged: false);
    private static readonly BridgeRoute Model = new("/v1/models/{id}", Dialect.Responses, Bridged: false);

    public Dialect DefaultDialect => Dialect.Responses;

    public RouteMatch? Match(PathString path)
    {
        if (!path.StartsWithSegments(Version, StringComparison.Ordinal, out var rest))
        {
            return null;
        }

        BridgeRoute? route = rest.Value switch
        {
            "/chat/completions" => Chat,
            "/responses" => Responses,
            "/models" => Models,
            "/conversations" => Conversations,
            "/responses/" => null, // which some servers take for the one without the slash, that runs a model
            { } text when text.StartsWith("/responses/", StringComparison.Ordinal) => Response,
            { } text when text.StartsWith("/models/", StringComparison.Ordinal) => Model,
            { } text when text.StartsWith("/conversations/", StringComparison.Ordinal) => Conversation,
            _ => null,
        };
        return route is null ? null : new RouteMatch(route, rest);
    }

    public string NormalizeBaseUrl(string baseUrl) => baseUrl.TrimEnd('/');

    public void Authenticate(HttpRequestHeaders headers, string key) => headers.TryAddWithoutValidation("Authorization", $"Bearer {key}");

    public IUsageReader CreateUsageReader(BridgeRoute route) =>
        route.Dialect == Dialect.ChatCompletions ? new ChatUsageReader() : new ResponsesUsageReader();

    /// <summary>A 403 is about a model or a region here.</summary>
    public bool RefusesCredential(HttpStatusCode status) => status is HttpStatusCode.TooManyRequests or HttpStatusCode.Unauthorized;

    public HttpStatusCode? RefusalIn(string error) => error switch
    {
        "rate_limit_exceeded" or "insufficient_quota" => HttpStatusCode.TooManyRequests,
        "invalid_api_key" => HttpStatusCode.Unauthorized,
        _ => null,
    };

    public HeardLimits? ReadLimits(HttpResponseHeaders headers, DateTimeOffset now) => OpenAiLimits.Read(headers, now);
}
