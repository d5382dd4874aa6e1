using System.Text.Json.Serialization;
using Trinity.ControlPlane.Rollouts;

namespace Trinity.ControlPlane.Subscriptions;

/// <summary>A subscription as the API shows it: never with its token.</summary>
internal sealed record SubscriptionView
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required string? Type { get; init; }

    public required string? Tier { get; init; }

    /// <summary>The token, masked.</summary>
    public required string Hint { get; init; }

    /// <summary>The first 16 hex digits of the token's SHA-256: names the token in agents' reports.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Counts the tokens that it has had.</summary>
    public required long TokenGeneration { get; init; }

    /// <summary>New work stops at this share of the fullest limit; null: at the settings' default.</summary>
    public required int? SoftCeilingPercent { get; init; }

    public required long Version { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime UpdatedAt { get; init; }

    /// <summary>What is odd about the token; only in the reply to its POST.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Warnings { get; init; }

    /// <summary>How its agents took the new token; only in the reply to a POST that rolled it over. With <c>?wait=applied</c>, once all have it, or the time is up.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RolloutView? Rollout { get; init; }

    public static SubscriptionView Of(SubscriptionRow row) => new()
    {
        Id = row.Id,
        Name = row.Name,
        Type = row.Type,
        Tier = row.Tier,
        Hint = row.Hint,
        Fingerprint = row.Fingerprint,
        TokenGeneration = row.TokenGeneration,
        SoftCeilingPercent = row.SoftCeilingPercent,
        Version = row.Version,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
    };
}

/// <summary>What came of testing a token.</summary>
/// <param name="Verdict"><c>ok</c>, <c>rate_limited</c> (valid, but at its limit), <c>invalid_token</c>, <c>unreachable</c> or <c>unclear</c>.</param>
/// <param name="Valid">Whether the provider accepts the token; null when it could not be asked, or its answer says nothing of it.</param>
/// <param name="Status">The provider's HTTP status; null when it was not reached.</param>
/// <param name="Message">The verdict in a sentence.</param>
/// <param name="LatencyMs">Until the reply's header, or until the failure.</param>
internal sealed record SubscriptionTest(string Verdict, bool? Valid, int? Status, string Message, double LatencyMs);
