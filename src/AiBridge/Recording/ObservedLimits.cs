using Trinity.Shared.Limits;

namespace Trinity.AiBridge.Recording;

/// <summary>What a reply said of the limits behind a credential. The credential itself is not in here.</summary>
internal sealed record ObservedLimits
{
    /// <summary>Of the request that was answered: its own credential's fingerprint, or <c>key:</c> and the id of the provider's key.</summary>
    public required string Credential { get; init; }

    /// <summary>For the metrics.</summary>
    public required string Provider { get; init; }

    public required PlanLimits Limits { get; init; }

    /// <summary>Which headers said it.</summary>
    public required string Detail { get; init; }

    public required DateTimeOffset ObservedAt { get; init; }
}
