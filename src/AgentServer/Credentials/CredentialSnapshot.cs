using System.Security.Cryptography;
using System.Text;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Secrets;

namespace Trinity.AgentServer.Credentials;

/// <summary>All of the credential at one moment. A task takes one when it starts and keeps it to its end.</summary>
internal sealed record CredentialSnapshot
{
    public static CredentialSnapshot None { get; } = new() { Generation = 0 };

    public required long Generation { get; init; }

    public string? RequestId { get; init; }

    public Guid? SubscriptionId { get; init; }

    public SecretString? Token { get; init; }

    public string? BaseUrl { get; init; }

    public SecretString? VirtualKey { get; init; }

    /// <summary>The reloaded API key, else the configured one unless a reload has taken it away.</summary>
    public SecretString? ApiKey { get; init; }

    /// <summary>Stays set over later reloads, and over restarts.</summary>
    public bool IsApiKeyRemoved { get; init; }

    public bool IsRevoked { get; init; }

    /// <summary>Of the request that brought it; tells a repetition from another credential under the same generation.</summary>
    public string ContentHash { get; init; } = "";

    /// <summary>Of what the provider sees: the token, else the API key, else the virtual key.</summary>
    public string? Fingerprint => (Token ?? ApiKey ?? VirtualKey) is { } secret ? CredentialFingerprint.Of(secret.Reveal()) : null;

    /// <summary>What may be in no output.</summary>
    public IEnumerable<string> Secrets => new[] { Token, VirtualKey, ApiKey }.OfType<SecretString>().Select(secret => secret.Reveal());

    /// <summary>What a valid request makes of its predecessor.</summary>
    public static CredentialSnapshot From(ReloadTokenRequest request, bool isApiKeyRemovedBefore, string? apiKey)
    {
        var isApiKeyRemoved = request.RemoveApiKey || isApiKeyRemovedBefore;
        var bare = new CredentialSnapshot
        {
            Generation = request.Generation,
            RequestId = request.RequestId,
            SubscriptionId = request.SubscriptionId,
            IsApiKeyRemoved = isApiKeyRemoved,
            IsRevoked = request.Revoke,
            ContentHash = HashOf(request),
        };
        return request.Revoke ? bare : bare with
        {
            Token = Secret(request.Token),
            BaseUrl = request.BaseUrl is { Length: > 0 } address ? address : null,
            VirtualKey = Secret(request.VirtualKey),
            ApiKey = request.Token is { Length: > 0 } ? null : Secret(request.ApiKey) ?? (isApiKeyRemoved ? null : Secret(apiKey)), // beside a token the CLI would prefer it
        };
    }

    public static SecretString? Secret(string? value) => string.IsNullOrEmpty(value) ? null : new SecretString(value);

    public static string HashOf(ReloadTokenRequest request)
    {
        string?[] parts = [$"{request.SubscriptionId}", request.Token, request.BaseUrl, request.VirtualKey, $"{request.RemoveApiKey}", $"{request.Revoke}"];
        var content = string.Join('\n', (request.ApiKey is { Length: > 0 } apiKey ? [.. parts, apiKey] : parts)
            .Select(part => Convert.ToBase64String(Encoding.UTF8.GetBytes(part ?? ""))));
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(content)));
    }
}
