using System.Text.Json;
using System.Text.Json.Serialization;

namespace Trinity.Shared.Configuration;

/// <summary>Optional behaviour of one provider; stored encrypted, because extra headers may hold credentials.</summary>
public sealed record ProviderSettings
{
    private static readonly IReadOnlyDictionary<string, string> NoHeaders = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);

    public static ProviderSettings Default { get; } = new();

    /// <summary>Headers set on every request to the provider, over whatever the client sent.</summary>
    /// <remarks>Source-generated JSON sets an omitted init-only member to null, past its initializer.</remarks>
    public IReadOnlyDictionary<string, string> ExtraHeaders { get; init => field = value ?? NoHeaders; } = NoHeaders;

    /// <summary>Ask OpenAI chat streams for their token usage where the client did not (the extra chunk is kept from the client). Null: yes.</summary>
    public bool? IncludeUsage { get; init; }

    /// <summary>Longest silence before the provider's first byte, in seconds. Null: the bridge's own limit.</summary>
    public int? FirstByteTimeoutSeconds { get; init; }

    /// <summary>Longest silence in the middle of a reply, in seconds. Null: the bridge's own limit.</summary>
    public int? IdleTimeoutSeconds { get; init; }

    /// <summary>Null: every request is sent, however many have failed.</summary>
    public CircuitBreakerSettings? CircuitBreaker { get; init; }

    public string ToJson() => JsonSerializer.Serialize(this, SettingsJson.Default.ProviderSettings);

    /// <exception cref="JsonException">The text is no settings object, or holds an unknown or repeated member, or a null where a value belongs.</exception>
    public static ProviderSettings FromJson(string json) =>
        JsonSerializer.Deserialize(json, SettingsJson.Default.ProviderSettings) ?? Default;
}

[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
    RespectNullableAnnotations = true,
    AllowDuplicateProperties = false)]
[JsonSerializable(typeof(ProviderSettings))]
[JsonSerializable(typeof(VirtualKeyLimits))]
internal sealed partial class SettingsJson : JsonSerializerContext;
