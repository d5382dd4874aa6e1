using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Options;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Credentials;

/// <summary>Takes a new credential in three phases: prepare (durable), swap (cannot fail), acknowledge.</summary>
/// <remarks><c>_lock</c> makes reloads one at a time, and guards <c>_answered</c>; the store's lock is taken inside it.</remarks>
internal sealed partial class CredentialReloader(
    CredentialStore store,
    CredentialFile file,
    AgentServerMetrics metrics,
    IOptions<AgentServerOptions> options,
    ILogger<CredentialReloader> logger)
{
    private const int RememberedRequests = 64;
    private const int LongestRequestId = 128;

    private readonly Lock _lock = new();
    private readonly OrderedDictionary<string, (string ContentHash, ReloadTokenReply Reply)> _answered = new(StringComparer.Ordinal);

    public ReloadResult Reload(ReloadTokenRequest request)
    {
        if (Refusal(request) is { } invalid)
        {
            return Counted("invalid", invalid);
        }

        lock (_lock)
        {
            var current = store.Current;
            var next = CredentialSnapshot.From(request, current.IsApiKeyRemoved, options.Value.ApiKey);
            var reloadedApiKey = request is { Revoke: false, Token: null or "" } ? request.ApiKey : null;
            if (Repeated(current, next, out var known))
            {
                return known;
            }

            // prepare
            if (!TryWrite(next, reloadedApiKey))
            {
                return Counted("failed", new ReloadResult.NotWritten());
            }

            // swap
            store.Swap(next);

            // acknowledge
            if (next.IsRevoked)
            {
                Log.Revoked(logger, next.Generation, next.RequestId!);
            }
            else
            {
                Log.Applied(logger, next.Generation, next.SubscriptionId, next.Fingerprint, next.RequestId!);
            }

            return Counted(next.IsRevoked ? "revoked" : "applied", Remember(next));
        }
    }

    private static ReloadResult.Invalid? Refusal(ReloadTokenRequest request) => request switch
    {
        { RequestId: null or { Length: 0 or > LongestRequestId } } => new("request_id", $"A request needs an id of 1 to {LongestRequestId} characters."),
        _ when request.RequestId.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0 => new("request_id", "An id is printable ASCII without spaces."),
        { Generation: < 1 } => new("generation", "Generations begin with 1."),
        { Revoke: true } => null,
        { Token: null or "", ApiKey: null or "", VirtualKey: null or "" } => new("token", "The token is empty: send a token, an API key, a virtual key, or revoke."),
        { Token.Length: > 0, ApiKey.Length: > 0 } => new("api_key", "Send a token or an API key, not both."),
        _ when !IsHeaderValue(request.ApiKey) => new("api_key", "An API key is printable ASCII without spaces."),
        _ when !IsHeaderValue(request.Token) => new("token", "A token is printable ASCII without spaces."),
        _ when !IsHeaderValue(request.VirtualKey) => new("virtual_key", "A virtual key is printable ASCII without spaces."),
        { BaseUrl: { Length: > 0 } address } when !AgentServerOptionsValidator.IsHttp(address) => new("base_url", "The address must begin with http:// or https://."),
        _ => null,
    };

    // A line break would add a header of the sender's choice, and no CLI could send it anyway.
    private static bool IsHeaderValue(string? secret) => string.IsNullOrEmpty(secret) || secret.AsSpan().IndexOfAnyExceptInRange('!', '~') < 0;

    private bool Repeated(CredentialSnapshot current, CredentialSnapshot next, [NotNullWhen(true)] out ReloadResult? known)
    {
        var isKnownId = _answered.TryGetValue(next.RequestId!, out var earlier);
        known = this switch
        {
            _ when isKnownId && earlier.ContentHash == next.ContentHash && earlier.Reply.Generation == next.Generation => Counted("repeated", new ReloadResult.Done(earlier.Reply)),
            _ when isKnownId => Refused("request_id_conflict", "This request id was used for another credential.", current),
            _ when next.Generation < current.Generation => Refused("stale_generation", $"The agent has generation {current.Generation} already.", current),
            _ when next.Generation > current.Generation => null,
            _ when next.ContentHash == current.ContentHash => Counted("repeated", Remember(current with { RequestId = next.RequestId })),
            _ => Refused("generation_conflict", $"The agent has another credential of generation {current.Generation}.", current),
        };
        return known is not null;
    }

    private ReloadResult.Conflict Refused(string code, string problem, CredentialSnapshot current)
    {
        Log.Refused(logger, code, current.Generation);
        return Counted(code == "stale_generation" ? "stale" : "conflict", new ReloadResult.Conflict(code, problem, current.Generation, current.Fingerprint));
    }

    private bool TryWrite(CredentialSnapshot next, string? reloadedApiKey)
    {
        try
        {
            file.Write(new CredentialFileContent
            {
                Generation = next.Generation,
                RequestId = next.RequestId,
                SubscriptionId = next.SubscriptionId,
                Token = next.Token?.Reveal(),
                BaseUrl = next.BaseUrl,
                VirtualKey = next.VirtualKey?.Reveal(),
                ApiKey = reloadedApiKey,
                IsApiKeyRemoved = next.IsApiKeyRemoved,
                IsRevoked = next.IsRevoked,
                ContentHash = next.ContentHash,
            });
            return true;
        }
        catch (Exception failed) when (failed is IOException or UnauthorizedAccessException)
        {
            Log.NotWritten(logger, file.Path, failed.Message);
            return false;
        }
    }

    private ReloadResult.Done Remember(CredentialSnapshot applied)
    {
        var reply = new ReloadTokenReply { Generation = applied.Generation, Fingerprint = applied.Fingerprint };
        if (_answered.Count == RememberedRequests)
        {
            _answered.RemoveAt(0);
        }

        _answered[applied.RequestId!] = (applied.ContentHash, reply);
        return new ReloadResult.Done(reply);
    }

    private T Counted<T>(string result, T answer)
        where T : ReloadResult
    {
        metrics.Reloaded(result);
        return answer;
    }

    private static partial class Log
    {
        [LoggerMessage(EventIds.CredentialApplied, LogLevel.Information, "The credential has generation {Generation} now: subscription {SubscriptionId}, fingerprint {Fingerprint}, request {RequestId}.")]
        public static partial void Applied(ILogger logger, long generation, Guid? subscriptionId, string? fingerprint, string requestId);

        [LoggerMessage(EventIds.CredentialRevoked, LogLevel.Information, "The credential is revoked as of generation {Generation}, request {RequestId}; new tasks are refused.")]
        public static partial void Revoked(ILogger logger, long generation, string requestId);

        [LoggerMessage(EventIds.ReloadRefused, LogLevel.Warning, "A credential was refused ({Code}); the agent keeps generation {Generation}.")]
        public static partial void Refused(ILogger logger, string code, long generation);

        [LoggerMessage(EventIds.CredentialNotWritten, LogLevel.Error, "The credential file {Path} cannot be written, the credential stays as it was: {Problem}")]
        public static partial void NotWritten(ILogger logger, string path, string problem);
    }
}
