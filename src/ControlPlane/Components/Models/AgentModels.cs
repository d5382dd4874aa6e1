namespace Trinity.ControlPlane.Components.Models;

/// <summary>The list of agents.</summary>
public sealed record AgentsModel(IReadOnlyList<AgentLine> Agents);

/// <summary>An agent's page.</summary>
public sealed record AgentModel
{
    public required AgentLine Agent { get; init; }

    public required string Image { get; init; }

    public required string? Container { get; init; }

    public required string? Provider { get; init; }

    /// <summary>Whether its requests pass through the bridge.</summary>
    public required bool ViaBridge { get; init; }

    public required DateTime? ReportedAt { get; init; }

    /// <summary>The names of all subscriptions.</summary>
    public required IReadOnlyList<string> Subscriptions { get; init; }

    public required FormState Switcher { get; init; }

    /// <summary>What was done; null: nothing.</summary>
    public required string? Notice { get; init; }
}

/// <summary>An agent in a list.</summary>
public sealed record AgentLine
{
    public required string Name { get; init; }

    public required string Runtime { get; init; }

    public required string State { get; init; }

    /// <summary>What an operator wants, where that is another state.</summary>
    public required string? WantedState { get; init; }

    /// <summary>What it authenticates with.</summary>
    public required string Mode { get; init; }

    public required string? Subscription { get; init; }

    /// <summary>What it is to have.</summary>
    public required long Generation { get; init; }

    /// <summary>What it has acknowledged.</summary>
    public required long AcknowledgedGeneration { get; init; }

    /// <summary>How the last delivery went, in a sentence; null: none was tried yet.</summary>
    public required string? Delivery { get; init; }

    /// <summary>What stands in the way; null: nothing.</summary>
    public required string? Problem { get; init; }

    public required int RunningTasks { get; init; }

    public required long Version { get; init; }
}
