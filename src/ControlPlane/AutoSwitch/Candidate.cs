using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.Settings;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>A subscription that an agent could be on, with all that speaks for and against it.</summary>
internal sealed record Candidate
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    /// <summary>Of its present token.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>Whether its token can be decrypted.</summary>
    public bool IsUsable { get; init; } = true;

    /// <summary>How many agents are to run on it.</summary>
    public int Agents { get; init; }

    /// <summary>Recent ones, of each kind and token the last.</summary>
    public IReadOnlyList<RecentFailure> Failures { get; init; } = [];

    /// <summary>Null: nothing was heard of its limits.</summary>
    public KnownLimits? Headroom { get; init; }

    /// <summary>New work stops at this share of the fullest limit.</summary>
    public int SoftCeilingPercent { get; init; } = OperatorSettings.Default.SoftCeilingPercent;

    /// <summary>Its row, for whoever assigns it; null where only the choice matters.</summary>
    public SubscriptionRow? Row { get; init; }
}

/// <summary>A failure, as far as it matters for a choice.</summary>
internal sealed record RecentFailure(FailureKind Kind, string? Fingerprint, DateTimeOffset OccurredAt, DateTimeOffset? ResetsAt = null, DateTimeOffset? RetryAt = null);
