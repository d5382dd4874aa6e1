namespace Trinity.ControlPlane.Components.Models;

/// <summary>The page Settings → Subscriptions.</summary>
public sealed record SubscriptionsModel
{
    public required IReadOnlyList<SubscriptionLine> Subscriptions { get; init; }

    /// <summary>All agents that can be given another subscription.</summary>
    public required IReadOnlyList<AgentLine> Agents { get; init; }

    /// <summary>The form that registers one.</summary>
    public required FormState Register { get; init; }

    /// <summary>What was done; null: nothing.</summary>
    public required string? Notice { get; init; }
}

/// <summary>A row of the table, and what it unfolds to.</summary>
public sealed record SubscriptionLine
{
    public required string Name { get; init; }

    public required string? Type { get; init; }

    public required string? Tier { get; init; }

    /// <summary>The token, masked.</summary>
    public required string Hint { get; init; }

    public required long TokenGeneration { get; init; }

    /// <summary>How much of it is left.</summary>
    public required string Headroom { get; init; }

    /// <summary>Why it takes no new agents; null: it does.</summary>
    public required string? WhyNoNewWork { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required IReadOnlyList<AgentLine> Agents { get; init; }

    public required bool IsOpen { get; init; }

    /// <summary>What was wrong with a form of this row.</summary>
    public required FormState Form { get; init; }
}

/// <summary>The second step of a deletion.</summary>
public sealed record DeleteSubscriptionModel(string Name, long Version, IReadOnlyList<AgentLine> Agents, FormState Form);
