using System.Text.Json;
using Trinity.ControlPlane.CredentialReload;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Agents;

/// <summary>An agent as the API shows it: what is wanted of it, and what was last seen.</summary>
internal sealed record AgentView
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required string Runtime { get; init; }

    public required string Image { get; init; }

    /// <summary><c>running</c>, <c>stopped</c>, <c>missing</c> (no container), <c>unknown</c> (the engine does not answer), or the engine's own word.</summary>
    public required string State { get; init; }

    /// <summary>What an operator wants: <c>running</c>, <c>stopped</c>, or <c>deleted</c> while that is being done.</summary>
    public required string DesiredState { get; init; }

    public required string? Container { get; init; }

    public required AgentAuthView Auth { get; init; }

    /// <summary>Tasks that run, by the generation that they were started on.</summary>
    public required IReadOnlyList<RunningTasks> RunningTasks { get; init; }

    /// <summary>What stands in the way; null: nothing.</summary>
    public required string? Problem { get; init; }

    public required ResourcesView Resources { get; init; }

    public required IReadOnlyList<string> Command { get; init; }

    public required IReadOnlyDictionary<string, string> Environment { get; init; }

    public required long Version { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required DateTime UpdatedAt { get; init; }

    /// <summary>When all but the wishes was last seen; null: not yet.</summary>
    public required DateTime? ReportedAt { get; init; }

    public static AgentView Of(AgentRow row, AgentReport? report, string? subscription) => new()
    {
        Id = row.Id,
        Name = row.Name,
        Runtime = row.Runtime,
        Image = row.Image,
        State = report?.State ?? AgentState.Unknown,
        DesiredState = row.DesiredState,
        Container = report?.Container,
        Auth = AgentAuthView.Of(row, report, subscription),
        RunningTasks = report?.RunningTasks ?? [],
        Problem = report?.Problem,
        Resources = new(row.Cpus, row.MemoryBytes, row.Pids),
        Command = row.Command,
        Environment = JsonSerializer.Deserialize(row.Environment, ControlPlaneJson.Default.DictionaryStringString) ?? [],
        Version = row.Version,
        CreatedAt = row.CreatedAt,
        UpdatedAt = row.UpdatedAt,
        ReportedAt = report?.ReportedAt,
    };
}

/// <summary>What an agent works with, and whether it has it.</summary>
internal sealed record AgentAuthView
{
    /// <summary><c>none</c>, <c>api_key</c> or <c>subscription</c>.</summary>
    public required string Mode { get; init; }

    public required Guid? SubscriptionId { get; init; }

    public required string? Subscription { get; init; }

    public required string? Provider { get; init; }

    /// <summary><c>bridge</c> or <c>provider</c>.</summary>
    public required string Via { get; init; }

    /// <summary>The agent's own virtual key for the bridge; null: it has none.</summary>
    public required Guid? VirtualKeyId { get; init; }

    /// <summary>What it is to have.</summary>
    public required long Generation { get; init; }

    /// <summary>What it has acknowledged since its container was started; 0: nothing yet.</summary>
    public required long AcknowledgedGeneration { get; init; }

    /// <summary>Of the credential that it has, as it reports it; null: it has none, or does not say.</summary>
    public required string? Fingerprint { get; init; }

    /// <summary>How the last delivery went; null: none was tried yet.</summary>
    public required string? Delivery { get; init; }

    public static AgentAuthView Of(AgentRow row, AgentReport? report, string? subscription) => new()
    {
        Mode = row.Auth,
        SubscriptionId = row.SubscriptionId,
        Subscription = subscription,
        Provider = row.Provider,
        Via = row.Via,
        VirtualKeyId = row.VirtualKeyId,
        Generation = row.Generation,
        AcknowledgedGeneration = report?.Generation ?? 0,
        Fingerprint = report?.Fingerprint,
        Delivery = report?.Delivery,
    };
}

/// <summary>What an agent's container may use at most.</summary>
internal sealed record ResourcesView(double Cpus, long MemoryBytes, int Pids);

/// <summary>The reply of what changes or restarts an agent.</summary>
/// <param name="Agent">As it is now.</param>
/// <param name="RestartResult">How its credential reached it: <c>hot_reloaded</c> restarted nothing. See <see cref="DeliveryResult"/>.</param>
/// <param name="Detail">Why not, or not yet.</param>
/// <param name="Rollout">Where to watch the end of what it had before; null: nothing was taken away.</param>
internal sealed record AgentChangeView(AgentView Agent, string RestartResult, string? Detail, string? Rollout);

/// <summary>What came of restarting the fleet.</summary>
internal sealed record FleetRestart(int Succeeded, int Skipped, int Failed, IReadOnlyList<FleetRestartItem> Items);

/// <param name="Agent">Its name.</param>
/// <param name="Result"><c>success</c>, <c>skipped</c> (it did not run) or <c>failed</c>.</param>
/// <param name="Detail">Why.</param>
internal sealed record FleetRestartItem(string Agent, string Result, string? Detail);

/// <summary>A line of what an agent's server wrote.</summary>
/// <param name="Stream"><c>stdout</c> or <c>stderr</c>.</param>
/// <param name="Text">The line; the server has masked what it knows to be secret.</param>
internal sealed record AgentLogLine(string Stream, string Text);
