using System.Text.Json;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Agents;

/// <summary>A row of <c>agent_reports</c>: what the control planes saw of an agent last.</summary>
internal sealed record AgentReport
{
    public required Guid AgentId { get; init; }

    /// <summary>The container's id; null when there is none.</summary>
    public string? Container { get; init; }

    /// <summary>One of <see cref="AgentState"/>.</summary>
    public string State { get; init; } = AgentState.Unknown;

    /// <summary>The newest generation that the agent has acknowledged since its container was started; 0: none yet.</summary>
    public long Generation { get; init; }

    public string? Fingerprint { get; init; }

    /// <summary>JSON of <see cref="RunningTasks"/>: what ran then, by the generation it was started on.</summary>
    public string Running { get; init; } = "[]";

    /// <summary>How the last delivery of a credential went: one of <see cref="CredentialReload.DeliveryResult"/>.</summary>
    public string? Delivery { get; init; }

    /// <summary>What stands in the way, for an operator; null: nothing.</summary>
    public string? Problem { get; init; }

    /// <summary>How often in a row something failed.</summary>
    public int Attempts { get; init; }

    /// <summary>When it is tried again.</summary>
    public DateTime? RetryAt { get; init; }

    /// <summary>When the look began, by the database's clock.</summary>
    public DateTime ReportedAt { get; init; }

    public IReadOnlyList<RunningTasks> RunningTasks => JsonSerializer.Deserialize(Running, ControlPlaneJson.Default.RunningTasksArray) ?? [];

    public bool IsRunning => State == AgentState.Running;

    public static string ToJson(IReadOnlyList<RunningTasks> running) => JsonSerializer.Serialize([.. running], ControlPlaneJson.Default.RunningTasksArray);
}

/// <summary>Where an agent's container stands.</summary>
internal static class AgentState
{
    public const string Running = "running";
    public const string Stopped = "stopped";

    /// <summary>There is no container.</summary>
    public const string Missing = "missing";

    /// <summary>The engine does not answer.</summary>
    public const string Unknown = "unknown";
}
