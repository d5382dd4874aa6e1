using System.Text.Json;
using System.Text.Json.Nodes;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Replicas;

/// <summary>What bridge replicas report of themselves, and the removal of those that will not come back.</summary>
internal sealed class ReplicaService(ReplicaStore store, AuditTrail trail, WriteTransactions writes)
{
    public async Task<Fleet> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        var rows = await store.ListAsync(connection, cancellationToken);
        return new Fleet(await store.RevisionAsync(connection, cancellationToken), [.. rows.Select(ReplicaView.Of)]);
    }

    /// <summary>Only an operator can know that a lost replica is gone and serves nobody; a live one removes itself when it stops.</summary>
    public async Task<Outcome<Written<Guid>>> RemoveAsync(Guid id, string actor, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if (await store.DeleteLostAsync(write.Connection, id, cancellationToken) is not { } address)
        {
            return await store.ExistsAsync(write.Connection, id, cancellationToken)
                ? Problem.Conflict("This replica is live; stop it instead, and it removes itself.")
                : Problem.NotFound($"There is no replica '{id}'.");
        }

        var entry = new AuditEntry(actor, AuditActions.ReplicaRemove, "replica", id.ToString("D")) { Details = new JsonObject { ["address"] = address } };
        await trail.RecordAsync(write, entry, cancellationToken);
        var generation = await write.RevisionAsync(cancellationToken);
        await write.CommitAsync(cancellationToken);
        return new Written<Guid>(id, generation);
    }
}

/// <summary>All bridge replicas, and the configuration's current revision to compare theirs with.</summary>
internal sealed record Fleet(long Generation, IReadOnlyList<ReplicaView> Items);

/// <summary>A bridge replica as it reports itself.</summary>
/// <param name="Id">Made at its start.</param>
/// <param name="Address">Where it listens.</param>
/// <param name="Version">Its release.</param>
/// <param name="Generation">The revision it serves.</param>
/// <param name="AppliedAt">Since when.</param>
/// <param name="HeartbeatAt">When it last reported.</param>
/// <param name="StartedAt">When it came up.</param>
/// <param name="State"><c>live</c>, or <c>lost</c> when its heartbeat is overdue.</param>
/// <param name="Draining">Retired bridges that still serve requests; null when the report cannot be read.</param>
/// <param name="Errors">What it could not apply.</param>
internal sealed record ReplicaView(
    Guid Id, string Address, string Version, long Generation, DateTime? AppliedAt, DateTime HeartbeatAt, DateTime StartedAt, string State, IReadOnlyList<DrainingBridge>? Draining, JsonElement Errors)
{
    public static ReplicaView Of(ReplicaRow row) => new(
        row.Id, row.Address, row.Version, row.Generation, row.AppliedAt, row.HeartbeatAt, row.StartedAt, row.State, DrainingBridge.Parse(row.Draining), JsonElement.Parse(row.Errors));
}
