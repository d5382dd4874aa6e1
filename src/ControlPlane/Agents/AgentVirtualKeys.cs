using System.Text.Json.Nodes;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.VirtualKeys;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Agents;

/// <summary>Agents' own virtual keys: made when an agent first needs one or is to have another, revoked when nothing uses them any more.</summary>
internal sealed class AgentVirtualKeys(VirtualKeyStore keys, AgentStore agents, AgentSecrets secrets, AuditTrail trail, WriteTransactions writes, TimeProvider time)
{
    private const string System = "trinity";

    /// <summary>The row with a new key, for its provider alone.</summary>
    public async Task<AgentRow> MintAsync(WriteTransaction write, AgentRow agent, string actor, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var id = Guid.CreateVersion7(now);
        var key = VirtualKeyToken.Create();
        var row = new VirtualKeyRow
        {
            Id = id,
            Name = $"agent.{agent.Name}.{id.ToString("N")[^8..]}", // the one before it lives on until the last task that uses it has ended
            Hint = SecretHint.Of(key),
            Agent = agent.Name,
            Providers = [agent.Provider!],
            CreatedAt = now.UtcDateTime,
        };
        await keys.InsertAsync(write.Connection, row, VirtualKeyToken.Hash(key), cancellationToken);
        await trail.RecordAsync(write, new AuditEntry(actor, AuditActions.VirtualKeyCreate, "virtual_key", row.Name) { Details = new JsonObject { ["id"] = id, ["hint"] = row.Hint, ["agent"] = agent.Name } }, cancellationToken);
        return secrets.WithVirtualKey(agent, id, key);
    }

    /// <summary>Revokes the keys that no task of generation <paramref name="lowestInUse"/> or later was given.</summary>
    public async Task RetireAsync(AgentRow agent, long lowestInUse, CancellationToken cancellationToken)
    {
        if (!await HasOutgrownAsync(agent, lowestInUse, cancellationToken))
        {
            return;
        }

        await using var write = await writes.BeginAsync(cancellationToken);
        await RevokeAsync(write, agent, lowestInUse, System, cancellationToken);
        await write.CommitAsync(cancellationToken);
    }

    /// <summary>The same within a transaction.</summary>
    public async Task RevokeAsync(WriteTransaction write, AgentRow agent, long lowestInUse, string actor, CancellationToken cancellationToken)
    {
        foreach (var id in await agents.ListOutgrownVirtualKeysAsync(write.Connection, agent.Id, lowestInUse, cancellationToken))
        {
            await keys.RevokeAsync(write.Connection, id, time.GetUtcNow(), cancellationToken);
            await trail.RecordAsync(write, new AuditEntry(actor, AuditActions.VirtualKeyRevoke, "virtual_key", agent.Name) { Details = new JsonObject { ["id"] = id, ["agent"] = agent.Name } }, cancellationToken);
        }
    }

    private async Task<bool> HasOutgrownAsync(AgentRow agent, long lowestInUse, CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        return (await agents.ListOutgrownVirtualKeysAsync(connection, agent.Id, lowestInUse, cancellationToken)).Count > 0;
    }
}
