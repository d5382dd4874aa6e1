using System.Text.Json.Serialization;

namespace Trinity.ControlPlane.AccountUsage.Views;

/// <summary>How much of an account is left, as the API shows it. What is not known is null, never 0 or 100.</summary>
internal sealed record AccountUsageView
{
    /// <summary>A subscription's name, <c>provider:</c> and a provider's name, or <c>home:</c>, a home's name and the channel.</summary>
    public required string Id { get; init; }

    /// <summary><c>subscription</c>, <c>provider</c> or <c>home</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>The vendor or the provider's type.</summary>
    public required string Provider { get; init; }

    /// <summary><c>available</c>, <c>limited</c>, <c>unknown</c>, <c>unavailable</c>, <c>no_key</c>, <c>invalid_key</c> or <c>unsupported</c>.</summary>
    public required string Status { get; init; }

    /// <summary>In a few words: the limit that will stop you first.</summary>
    public required string Label { get; init; }

    /// <summary>Why there are no figures, or what is odd about them; null: nothing.</summary>
    public required string? Message { get; init; }

    public required string? Plan { get; init; }

    /// <summary>The limit that will stop you first; null: none is known.</summary>
    public LimitView? Binding => Limits.FirstOrDefault(limit => limit is { IsRate: false } && (limit.UsedPercent is not null || limit.Refuses));

    /// <summary>All limits, the binding one first.</summary>
    public required IReadOnlyList<LimitView> Limits { get; init; }

    /// <summary>Money, where the account has any.</summary>
    public required QuotaView? Quota { get; init; }

    /// <summary>The keys, where the account is a pool of them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PoolView? Pool { get; init; }

    /// <summary><c>live</c>: from replies that passed through a bridge; <c>probe</c>: from asking the provider. Null: nothing was heard.</summary>
    public required string? Source { get; init; }

    public required DateTimeOffset? ObservedAt { get; init; }

    /// <summary>Seconds since then.</summary>
    public required double? AgeSeconds { get; init; }

    /// <summary>Whether the provider is being asked just now; look again in a moment.</summary>
    public required bool Refreshing { get; init; }

    /// <summary>When it serves again; null: it serves, or that is not known.</summary>
    public required DateTimeOffset? ServesAgainAt { get; init; }

    /// <summary>Whether agents can be given it; only of subscriptions.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public PlacementView? Placement { get; init; }
}

/// <summary>What an account has to spend. Null: not known, or no ceiling.</summary>
/// <param name="Unit"><c>usd</c>, or <c>credits</c> of the provider's own.</param>
/// <param name="Limit">The most that may be spent.</param>
/// <param name="Used">What has been spent.</param>
/// <param name="Remaining">What is left.</param>
internal sealed record QuotaView(string Unit, double? Limit, double? Used, double? Remaining);

/// <summary>Whether a subscription takes new work.</summary>
/// <param name="AcceptsNewWork">Whether an agent would be given it now.</param>
/// <param name="Reason">Why not; null: it does.</param>
/// <param name="SoftCeilingPercent">New work stops at this share of the fullest limit.</param>
/// <param name="Agents">How many agents are to run on it.</param>
internal sealed record PlacementView(bool AcceptsNewWork, string? Reason, int SoftCeilingPercent, int Agents);

/// <summary>A provider's keys, as the bridges' key rings know them.</summary>
internal sealed record PoolView
{
    public required int TotalCredentials { get; init; }

    /// <summary>Those that something was heard of.</summary>
    public required int QueriedCredentials { get; init; }

    public required int AvailableCredentials { get; init; }

    /// <summary>Cooling down after the provider limited them.</summary>
    public required int ExhaustedCredentials { get; init; }

    /// <summary>Not accepted by the provider, or not readable.</summary>
    public required int FailedCredentials { get; init; }

    /// <summary>When the first that is cooling down is tried again.</summary>
    public required DateTimeOffset? NextResetAt { get; init; }

    /// <summary>Of each limit what is left of the available key that has most of it.</summary>
    public required IReadOnlyList<BestRemaining> BestRemaining { get; init; }

    public required IReadOnlyList<PoolCredentialView> Credentials { get; init; }
}

internal sealed record BestRemaining(string Name, double RemainingPercent);

/// <summary>One key of a pool.</summary>
internal sealed record PoolCredentialView
{
    public required Guid Id { get; init; }

    /// <summary>Its name, or else the key masked.</summary>
    public required string Label { get; init; }

    /// <summary><c>available</c>, <c>exhausted</c>, <c>failed</c> or <c>dead</c> (not to be decrypted).</summary>
    public required string Status { get; init; }

    public required IReadOnlyList<LimitView> Limits { get; init; }

    public required QuotaView? Quota { get; init; }

    public required string? Message { get; init; }

    /// <summary>When a bridge tries it again; null: it is not cooling down.</summary>
    public required DateTimeOffset? RetryAt { get; init; }

    public required DateTimeOffset? ObservedAt { get; init; }
}
