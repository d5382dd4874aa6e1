using Trinity.ControlPlane.Subscriptions;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Asks Anthropic's usage endpoint; where a token may not read that, as setup tokens may not, one token of text is asked for, whose reply's headers tell.</summary>
internal sealed partial class AnthropicChannel(string provider, ChannelCall call, TimeProvider time, ILogger<AnthropicChannel> logger) : IUsageChannel
{
    public const string UsageDetail = "oauth_usage";
    public const string HeadersDetail = "unified_headers";

    private const string ApiKeyPrefix = "sk-ant-api";
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(15);
    private static readonly (string Name, string Value)[] Headers = [("anthropic-beta", "oauth-2025-04-20")];

    private readonly TokensWithoutUsage _withoutUsage = new(time);

    public string Name => UsageChannels.Anthropic;

    public async Task<UsageReply> AskAsync(UsageCredential credential, CancellationToken cancellationToken)
    {
        if (credential.Token.Reveal().StartsWith(ApiKeyPrefix, StringComparison.Ordinal))
        {
            return new UsageReply(UsageVerdict.Unsupported) { Problem = "This is an API key, and those have no plan with limits." };
        }

        var fingerprint = CredentialFingerprint.Of(credential.Token.Reveal());
        if (_withoutUsage.Contains(fingerprint))
        {
            return await AskByMessageAsync(credential, fingerprint, cancellationToken);
        }

        var address = ChannelCall.Address(credential.BaseUrl ?? provider, "api/oauth/usage");
        var response = await call.GetAsync(address, credential.Token, Headers, AnthropicUsage.Read, Limit, cancellationToken);
        if (response.Status != StatusCodes.Status403Forbidden)
        {
            return response.ToReply(UsageDetail);
        }

        _withoutUsage.Add(fingerprint);
        return await AskByMessageAsync(credential, fingerprint, cancellationToken);
    }

    private async Task<UsageReply> AskByMessageAsync(UsageCredential credential, string fingerprint, CancellationToken cancellationToken)
    {
        if (ChannelCall.Address(credential.BaseUrl ?? provider, OneTokenMessage.Path) is not { } address)
        {
            return new ChannelResponse { Problem = ChannelCall.NoAddress }.ToReply(HeadersDetail);
        }

        using var request = OneTokenMessage.Create(address, credential.Token);
        var response = await call.SendAsync(request, Limit, cancellationToken);
        return Judge(response, fingerprint) with { Paid = true };
    }

    // A reply at the limit has the headers as well: it is the one that tells most.
    private UsageReply Judge(ChannelResponse response, string fingerprint)
    {
        switch (response.Status)
        {
            case StatusCodes.Status401Unauthorized or StatusCodes.Status403Forbidden:
                return response.Refused(HeadersDetail);
            case StatusCodes.Status200OK or StatusCodes.Status429TooManyRequests when UnifiedLimits.Read(response.Headers!) is { } limits:
                return (response with { Limits = limits }).ToReply(HeadersDetail);
            case StatusCodes.Status200OK:
                Log.HeadersAreMissing(logger, fingerprint);
                return (response with { Limits = new PlanLimits() }).ToReply(HeadersDetail);
            default:
                return response.ToReply(HeadersDetail);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.LimitHeadersMissing, LogLevel.Warning,
            "The provider's reply to a message for the credential {Fingerprint} has none of the headers that tell of limits: asking costs a request and tells nothing.")]
        public static partial void HeadersAreMissing(ILogger logger, string fingerprint);
    }
}
