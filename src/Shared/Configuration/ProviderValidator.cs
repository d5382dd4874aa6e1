using System.Buffers;

namespace Trinity.Shared.Configuration;

/// <summary>One thing wrong with a configuration: the field as the API names it, and what to change.</summary>
public sealed record ConfigError(string Field, string Message);

/// <summary>The rules for a provider, used when one is written (ControlPlane) and again when it is loaded (AiBridge). Reports every error at once.</summary>
public static class ProviderValidator
{
    public const int MaxKeys = 5;
    public const int MaxNameLength = 64;
    private const int MaxKeyLength = 8192;
    private const int MaxHeaders = 32;
    private const int MaxTimeoutSeconds = 3600;

    private static readonly SearchValues<char> NameCharacters = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789-");

    private static readonly SearchValues<char> HeaderNameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$%&'*+.^_`|~-");

    /// <summary>Path segments that AiBridge answers itself and that therefore cannot name a provider.</summary>
    private static readonly string[] ReservedNames = ["healthz", "readyz", "metrics"];

    /// <summary>Headers that belong to the transport or carry credentials, and therefore are no provider's to add.</summary>
    private static readonly HashSet<string> ForbiddenHeaders = new(StringComparer.OrdinalIgnoreCase)
    {
        "Host", "Content-Length", "Content-Type", "Content-Encoding", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "TE", "Trailer",
        "Proxy-Authorization", "Proxy-Authenticate", "Proxy-Connection", "Accept-Encoding", "Expect", "Cookie", "Authorization", "x-api-key",
    };

    public static void ValidateName(string? name, List<ConfigError> errors)
    {
        if (string.IsNullOrEmpty(name))
        {
            errors.Add(new("name", "A name is required."));
        }
        else if (name.Length > MaxNameLength || !IsName(name))
        {
            errors.Add(new("name", $"The name must be lower-case letters, digits and single hyphens between them, at most {MaxNameLength} characters."));
        }
        else if (ReservedNames.Contains(name, StringComparer.Ordinal))
        {
            errors.Add(new("name", $"The name '{name}' is reserved; choose another."));
        }
    }

    public static void ValidateType(string? type, List<ConfigError> errors)
    {
        if (type is null || !ProviderTypes.IsKnown(type))
        {
            errors.Add(new("type", $"The type must be one of {string.Join(", ", ProviderTypes.All)}."));
        }
    }

    public static void ValidateBaseUrl(string? baseUrl, UpstreamAddressPolicy policy, List<ConfigError> errors)
    {
        if (string.IsNullOrWhiteSpace(baseUrl))
        {
            errors.Add(new("base_url", "A base URL is required for this type."));
            return;
        }

        if (!Uri.TryCreate(baseUrl, UriKind.Absolute, out var url)
            || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps)
            || url.Host.Length == 0
            || url.Port == 0
            || baseUrl.AsSpan().IndexOfAnyInRange('\0', ' ') >= 0)
        {
            errors.Add(new("base_url", "The base URL must be an absolute http:// or https:// address."));
            return;
        }

        if (url.UserInfo.Length > 0 || url.Query.Length > 0 || url.Fragment.Length > 0)
        {
            errors.Add(new("base_url", "The base URL must not hold a user name, password, query or fragment."));
        }

        if (policy.Refuse(url.IdnHost) is { } refusal)
        {
            errors.Add(new("base_url", $"The base URL leads to a forbidden address: {refusal}."));
        }
    }

    /// <summary>Checks one credential's text; <paramref name="field"/> names it in the error, which never repeats the credential.</summary>
    public static void ValidateSecret(string? secret, string field, List<ConfigError> errors)
    {
        if (string.IsNullOrEmpty(secret))
        {
            errors.Add(new(field, "A key must not be empty."));
        }
        else if (secret.Length > MaxKeyLength)
        {
            errors.Add(new(field, $"A key must not be longer than {MaxKeyLength} characters."));
        }
        else if (secret.AsSpan().IndexOfAnyExceptInRange('!', '~') >= 0)
        {
            errors.Add(new(field, "A key must be printable ASCII without spaces or line breaks."));
        }
        else if (secret.StartsWith(VirtualKeyToken.Prefix, StringComparison.Ordinal))
        {
            errors.Add(new(field, "This is one of our own virtual keys, not a provider's key."));
        }
    }

    public static void ValidateKeyCount(int count, List<ConfigError> errors)
    {
        if (count > MaxKeys)
        {
            errors.Add(new("api_keys", $"A provider has at most {MaxKeys} keys."));
        }
    }

    public static void ValidateSettings(ProviderSettings settings, List<ConfigError> errors)
    {
        if (settings.ExtraHeaders.Count > MaxHeaders)
        {
            errors.Add(new("settings.extra_headers", $"At most {MaxHeaders} extra headers are allowed."));
        }

        if (settings.ExtraHeaders.Keys.Distinct(StringComparer.OrdinalIgnoreCase).Count() != settings.ExtraHeaders.Count)
        {
            errors.Add(new("settings.extra_headers", "The same header is given twice; upper and lower case do not tell headers apart."));
        }

        foreach (var (name, value) in settings.ExtraHeaders)
        {
            var field = $"settings.extra_headers.{name}";
            if (!IsHeaderName(name))
            {
                errors.Add(new("settings.extra_headers", "A header name must be an RFC 9110 token."));
            }
            else if (ForbiddenHeaders.Contains(name) || name.StartsWith("X-Trinity-", StringComparison.OrdinalIgnoreCase))
            {
                errors.Add(new(field, "This header belongs to the transport or carries credentials; it cannot be an extra header."));
            }
            else if (string.IsNullOrEmpty(value) || value.AsSpan().IndexOfAnyExceptInRange(' ', '~') >= 0)
            {
                errors.Add(new(field, "A header value must be printable ASCII on one line."));
            }
        }

        ValidateTimeout(settings.FirstByteTimeoutSeconds, "settings.first_byte_timeout_seconds", errors);
        ValidateTimeout(settings.IdleTimeoutSeconds, "settings.idle_timeout_seconds", errors);
        if (settings.CircuitBreaker is { } breaker)
        {
            ValidateTimeout(breaker.IntervalSeconds, "settings.circuit_breaker.interval_seconds", errors);
            ValidateTimeout(breaker.TimeoutSeconds, "settings.circuit_breaker.timeout_seconds", errors);
            ValidateCount(breaker.FailureThreshold, "settings.circuit_breaker.failure_threshold", errors);
            ValidateCount(breaker.MaxRequests, "settings.circuit_breaker.max_requests", errors);
        }
    }

    /// <summary>All rules over a whole provider, as it was loaded from the database.</summary>
    public static IReadOnlyList<ConfigError> Validate(ProviderConfig provider, UpstreamAddressPolicy policy)
    {
        var errors = new List<ConfigError>();
        ValidateName(provider.Name, errors);
        ValidateType(provider.Type, errors);
        ValidateBaseUrl(provider.BaseUrl, policy, errors);
        ValidateSettings(provider.Settings, errors);
        ValidateKeyCount(provider.Keys.Count, errors);
        foreach (var key in provider.Keys)
        {
            ValidateSecret(key.Secret.Reveal(), "api_keys", errors);
        }

        if (provider.Keys.DistinctBy(key => key.Secret).Count() != provider.Keys.Count)
        {
            errors.Add(new("api_keys", "The same key is given twice."));
        }

        return errors;
    }

    private static void ValidateTimeout(int? seconds, string field, List<ConfigError> errors)
    {
        if (seconds is < 1 or > MaxTimeoutSeconds)
        {
            errors.Add(new(field, $"A time limit must be between 1 and {MaxTimeoutSeconds} seconds."));
        }
    }

    private static void ValidateCount(int count, string field, List<ConfigError> errors)
    {
        if (count is < 1 or > CircuitBreakerSettings.MaxCount)
        {
            errors.Add(new(field, $"A number of requests must be between 1 and {CircuitBreakerSettings.MaxCount}."));
        }
    }

    // Lower-case letters and digits, in words joined by single hyphens.
    private static bool IsName(string text) =>
        !text.AsSpan().ContainsAnyExcept(NameCharacters) && text is not ['-', ..] and not [.., '-'] && !text.Contains("--", StringComparison.Ordinal);

    // A token of RFC 9110, section 5.6.2.
    private static bool IsHeaderName(string text) => text.Length > 0 && !text.AsSpan().ContainsAnyExcept(HeaderNameCharacters);
}
