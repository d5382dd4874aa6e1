using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Trinity.Shared.Configuration;

/// <summary>The revision of a provider: a hash of everything a bridge is built from, equal exactly when two configurations behave alike.</summary>
public static class ConfigRevision
{
    public static string Of(ProviderConfig provider)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        Append(hash, provider.Id.ToString("D"));
        Append(hash, provider.Name);
        Append(hash, provider.Type);
        Append(hash, provider.BaseUrl);
        Append(hash, provider.Enabled ? "1" : "0");
        Append(hash, provider.Settings.IncludeUsage?.ToString());
        Append(hash, provider.Settings.FirstByteTimeoutSeconds?.ToString(CultureInfo.InvariantCulture));
        Append(hash, provider.Settings.IdleTimeoutSeconds?.ToString(CultureInfo.InvariantCulture));
        if (provider.Settings.CircuitBreaker is { } breaker)
        {
            Append(hash, string.Create(CultureInfo.InvariantCulture, $"breaker {breaker.FailureThreshold} {breaker.IntervalSeconds} {breaker.TimeoutSeconds} {breaker.MaxRequests}"));
        }

        foreach (var (name, value) in provider.Settings.ExtraHeaders.OrderBy(header => header.Key, StringComparer.OrdinalIgnoreCase))
        {
            Append(hash, "header");
            Append(hash, name.ToLowerInvariant());
            Append(hash, value);
        }

        foreach (var key in provider.Keys)
        {
            Append(hash, "key");
            Append(hash, key.Id.ToString("D"));
            Append(hash, key.Secret.Reveal());
        }

        return Convert.ToHexStringLower(hash.GetHashAndReset().AsSpan(0, 16));
    }

    // Every field is written with its length, so that no two field lists can run together into the same bytes; null differs from empty.
    private static void Append(IncrementalHash hash, string? field)
    {
        var bytes = field is null ? [] : Encoding.UTF8.GetBytes(field);
        hash.AppendData(BitConverter.GetBytes(field is null ? -1 : bytes.Length));
        hash.AppendData(bytes);
    }
}
