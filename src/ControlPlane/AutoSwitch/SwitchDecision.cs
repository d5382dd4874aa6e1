using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.CredentialReload;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>What followed from a failure, and why.</summary>
internal sealed record SwitchDecision
{
    public required SwitchAction Action { get; init; }

    public required Guid AgentId { get; init; }

    public required string Agent { get; init; }

    public required SwitchTrigger Trigger { get; init; }

    /// <summary>Where the agent went; null: nowhere, or to its provider's own keys.</summary>
    public string? NewSubscription { get; init; }

    /// <summary>How often the agent has failed on the old subscription lately.</summary>
    public int Failures { get; init; }

    /// <summary>The agent's credential generation when it was decided.</summary>
    public long Generation { get; init; }

    /// <summary>How the agent took its new credential; null: it got none.</summary>
    public CredentialDelivery? Delivery { get; init; }

    /// <summary>When the first of the refused subscriptions is known to serve again.</summary>
    public DateTimeOffset? EarliestReset { get; init; }

    public required string Reason { get; init; }

    public IReadOnlyList<CandidateVerdict> Candidates { get; init; } = [];

    /// <summary>What was known of the new subscription's limits.</summary>
    public KnownLimits? Headroom { get; init; }

    /// <summary>Whether the task may be sent once more: the agent has another credential than the one that failed.</summary>
    public bool Retry { get; init; }

    /// <summary>Whether the agent was given another credential for this.</summary>
    public bool IsSwitched => Action is SwitchAction.Switch or SwitchAction.FallBack;
}

internal static class SwitchActions
{
    /// <summary>As the API and metric labels write it.</summary>
    public static string NameOf(SwitchAction action) => action switch
    {
        SwitchAction.Switch => "switched",
        SwitchAction.FallBack => "api_key_fallback",
        SwitchAction.NoAlternative => "no_alternative",
        SwitchAction.Stale => "stale",
        SwitchAction.Stay => "stays",
        _ => "off",
    };
}
