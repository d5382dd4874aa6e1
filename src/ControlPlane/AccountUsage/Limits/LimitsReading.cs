using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Limits;

/// <summary>What was heard of the limits behind a credential, once.</summary>
/// <param name="Credential">A token's fingerprint, or <c>key:</c> and the id of a provider's key.</param>
/// <param name="Source">One of <see cref="LimitsSource"/>.</param>
/// <param name="Detail">Which headers or which endpoint said it.</param>
/// <param name="Limits">What was said.</param>
/// <param name="ObservedAt">When.</param>
internal sealed record LimitsReading(string Credential, string Source, string Detail, PlanLimits Limits, DateTimeOffset ObservedAt);

/// <summary>How something was heard of limits.</summary>
internal static class LimitsSource
{
    /// <summary>From the headers of a reply that passed through a bridge.</summary>
    public const string Live = "live";

    /// <summary>By asking the provider.</summary>
    public const string Probe = "probe";
}
