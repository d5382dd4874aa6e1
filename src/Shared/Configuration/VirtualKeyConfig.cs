using System.Text.Json;

namespace Trinity.Shared.Configuration;

/// <summary>A key that we gave to a caller. The key itself is known only to its holder; we keep its hash.</summary>
public sealed record VirtualKeyConfig
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    /// <summary>SHA-256 of the key: see <see cref="VirtualKeyToken"/>.</summary>
    public required byte[] Hash { get; init; }

    /// <summary>The agent it was made for, if any.</summary>
    public string? Agent { get; init; }

    /// <summary>Provider names the key may use; null: all.</summary>
    public IReadOnlyList<string>? Providers { get; init; }

    /// <summary>Models the key may use, exact or with one trailing <c>*</c>; null: all.</summary>
    public IReadOnlyList<string>? Models { get; init; }

    public VirtualKeyLimits Limits { get; init; } = VirtualKeyLimits.None;

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }
}

/// <summary>What a virtual key may consume, on each bridge replica. Null members: unlimited.</summary>
public sealed record VirtualKeyLimits
{
    public static VirtualKeyLimits None { get; } = new();

    /// <summary>Requests per minute, as a token bucket of that size.</summary>
    public int? RequestsPerMinute { get; init; }

    /// <summary>Requests in flight at the same time.</summary>
    public int? MaxConcurrent { get; init; }

    /// <summary>Input and output tokens per UTC day, over all replicas; checked before a request, so the last one may overrun it.</summary>
    public long? TokensPerDay { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, SettingsJson.Default.VirtualKeyLimits);

    /// <exception cref="JsonException">The text is no limits object, or holds an unknown member.</exception>
    public static VirtualKeyLimits FromJson(string json) =>
        JsonSerializer.Deserialize(json, SettingsJson.Default.VirtualKeyLimits) ?? None;
}
