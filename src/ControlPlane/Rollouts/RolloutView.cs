using System.Text.Json.Serialization;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>How far the retirement of credentials is: who applied it, what still runs on the old ones, and whether they may be revoked at the vendor.</summary>
internal sealed record RolloutView
{
    public required Guid Id { get; init; }

    /// <summary>What it is about, such as <c>provider anthropic</c>, <c>subscription team-max</c> or <c>agent builder</c>.</summary>
    public required string Subject { get; init; }

    /// <summary>The provider's name; null when it is about agents alone.</summary>
    public required string? Provider { get; init; }

    public required Guid? ProviderId { get; init; }

    /// <summary><c>rotate</c>, <c>update</c>, <c>delete</c>, <c>roll_over</c> or <c>assign</c>.</summary>
    public required string Action { get; init; }

    /// <summary>The configuration's revision that carries the change.</summary>
    public required long Generation { get; init; }

    public required string CreatedBy { get; init; }

    public required DateTime CreatedAt { get; init; }

    public required IReadOnlyList<RolloutReplicaView> Replicas { get; init; }

    /// <summary>The agents that were to get another credential. Others that may still work with a retired one are named in <see cref="WaitingFor"/>.</summary>
    public required IReadOnlyList<RolloutAgentView> Agents { get; init; }

    /// <summary>Requests and tasks that still run on a retired key, over all replicas and agents.</summary>
    public required long InFlightOnOld { get; init; }

    /// <summary>True once neither a replica nor an agent can use a retired key any more: revoking them at the vendor harms no request and no task.</summary>
    public required bool SafeToRevoke { get; init; }

    /// <summary>What stands in the way of <see cref="SafeToRevoke"/>.</summary>
    public required IReadOnlyList<string> WaitingFor { get; init; }

    public required IReadOnlyList<RetiredKeyView> RetiredKeys { get; init; }

    /// <summary>Only in replies to writes that waited for the fleet.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public AppliedReport? Applied { get; init; }
}

/// <summary>One replica's part in a rollout.</summary>
/// <param name="Id">The replica.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="Applied">Whether it serves the rollout's generation or a later one.</param>
/// <param name="Generation">What it serves.</param>
/// <param name="Draining">Its requests that still run on a retired key; null when its report cannot be read.</param>
/// <param name="State"><c>live</c>, or <c>lost</c> when its heartbeat is overdue.</param>
internal sealed record RolloutReplicaView(Guid Id, string Address, bool Applied, long Generation, long? Draining, string State);

/// <summary>One agent's part in a rollout.</summary>
/// <param name="Agent">Its name.</param>
/// <param name="State">Where its container stands, as last seen.</param>
/// <param name="Applied">Whether its new tasks work with the rollout's generation or a later one.</param>
/// <param name="Generation">The generation that no longer uses the retired keys.</param>
/// <param name="RunningOnOld">Its tasks that were started on an older generation and still run.</param>
/// <param name="Result">How the last delivery went; null: none was tried yet.</param>
/// <param name="Problem">What stands in the way.</param>
internal sealed record RolloutAgentView(string Agent, string State, bool Applied, long Generation, long RunningOnOld, string? Result, string? Problem);

/// <summary>A credential that the rollout takes out of use.</summary>
internal sealed record RetiredKeyView(Guid Id, string Hint);

/// <summary>How far the fleet was when a write's wait ended.</summary>
/// <param name="Generation">The revision that was waited for.</param>
/// <param name="Replicas">Live replicas.</param>
/// <param name="Applied">Live replicas that serve it.</param>
/// <param name="Lost">Replicas whose heartbeat is overdue; they are not waited for.</param>
/// <param name="ElapsedMs">From the commit until now.</param>
/// <param name="Complete">Whether all live replicas serve it; false when the timeout came first. The write is committed either way.</param>
internal sealed record AppliedReport(long Generation, int Replicas, int Applied, int Lost, double ElapsedMs, bool Complete);
