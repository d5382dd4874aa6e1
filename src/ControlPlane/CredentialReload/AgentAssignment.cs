using System.Text.Json.Nodes;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Rollouts;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>What a change of an agent's credential came to.</summary>
/// <param name="Delivery">How the agent took it.</param>
/// <param name="RolloutId">By which the old credential's end can be watched; null when nothing changed.</param>
internal sealed record AgentChange(CredentialDelivery Delivery, Guid? RolloutId);

/// <summary>Changes what one agent works with: written, generation raised, audited, and brought to the agent while the lock is held.</summary>
internal sealed class AgentAssignment(
    AgentStore agents,
    AgentGenerations generations,
    AgentVirtualKeys virtualKeys,
    CredentialDeliverer deliverer,
    RolloutRecorder rollouts,
    SubscriptionStore subscriptions,
    FleetWatcher fleet,
    AuditTrail trail,
    WriteTransactions writes)
{
    private static readonly TimeSpan BridgeLimit = TimeSpan.FromSeconds(5);

    /// <summary>Gives an agent a subscription, its provider's keys, or nothing.</summary>
    public async Task<CredentialDelivery> AssignAsync(AgentLock held, AgentRow agent, string auth, SubscriptionRow? subscription, string actor, string reason, CancellationToken cancellationToken) =>
        (await ChangeAsync(held, row => row with { Auth = auth, SubscriptionId = subscription?.Id, Provider = row.Provider ?? agent.Provider }, AuditActions.AgentAssign, actor, reason, cancellationToken)).Delivery;

    /// <summary>Makes any change of what the agent works with.</summary>
    /// <param name="held">The agent's lock.</param>
    /// <param name="change">Applied to the row as it is inside the transaction.</param>
    /// <param name="action">For the audit trail.</param>
    /// <param name="actor">Who wants it.</param>
    /// <param name="reason">Kept with the generation.</param>
    /// <param name="cancellationToken">Ends the waiting, not what is committed.</param>
    /// <param name="newVirtualKey">Whether the agent gets another virtual key in any case.</param>
    public async Task<AgentChange> ChangeAsync(
        AgentLock held, Func<AgentRow, AgentRow> change, string action, string actor, string reason, CancellationToken cancellationToken, bool newVirtualKey = false)
    {
        if (await WriteAsync(held.AgentId, change, action, actor, reason, newVirtualKey, cancellationToken) is not { } written)
        {
            return new AgentChange(new(DeliveryResult.NoContainer, 0, "The agent is gone."), null);
        }

        // Never inside the transaction: an agent may take its time, and every write of any configuration would wait for it.
        if (written.Revision is { } revision)
        {
            await fleet.WaitAsync(revision, BridgeLimit, cancellationToken); // a key that a bridge does not know yet would be refused there
        }

        return new AgentChange(await deliverer.DeliverAsync(held, cancellationToken), written.RolloutId);
    }

    // Null: the agent is gone. Without a revision: it is so already, and nothing was written.
    private async Task<(long? Revision, Guid? RolloutId)?> WriteAsync(
        Guid agentId, Func<AgentRow, AgentRow> change, string action, string actor, string reason, bool newVirtualKey, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if (await agents.FindAsync(write.Connection, new IdOrName(agentId, null), cancellationToken) is not { } before)
        {
            return null;
        }

        var wanted = change(before);
        if (wanted == before && !newVirtualKey)
        {
            return (null, null);
        }

        // The key of an agent that had nothing to work with is revoked as soon as no task uses it.
        var needsKey = newVirtualKey || wanted.VirtualKeyId is null || wanted.Provider != before.Provider || before is { Auth: AgentAuth.None } or { Via: not AgentVia.Bridge };
        if (needsKey && wanted is { Auth: not AgentAuth.None, Via: AgentVia.Bridge })
        {
            wanted = await virtualKeys.MintAsync(write, wanted, actor, cancellationToken);
        }

        var raised = await generations.RaiseAsync(write, wanted, reason, cancellationToken);
        var rollout = await rollouts.RecordForAgentsAsync(write, $"agent {before.Name}", RolloutActions.Assign, Retired(before, raised), [raised], actor, cancellationToken);
        await trail.RecordAsync(write, new AuditEntry(actor, action, "agent", before.Name) { Details = await DescribeAsync(write, before, raised, reason, cancellationToken) }, cancellationToken);
        var revision = await write.RevisionAsync(cancellationToken);
        await write.CommitAsync(cancellationToken);
        return (revision, rollout);
    }

    // Its subscription lives on, with other agents perhaps; only its virtual key is nobody else's.
    private static IReadOnlyList<RetiredSecret> Retired(AgentRow before, AgentRow after) =>
        before.VirtualKeyId is { } key && key != after.VirtualKeyId ? [new(key, "virtual key", null)] : [];

    private async Task<JsonObject> DescribeAsync(WriteTransaction write, AgentRow before, AgentRow after, string reason, CancellationToken cancellationToken)
    {
        async Task<string?> NameAsync(Guid? id) => id is null ? null : (await subscriptions.FindAsync(write.Connection, new IdOrName(id, null), cancellationToken))?.Name;
        return new JsonObject
        {
            ["id"] = before.Id,
            ["reason"] = reason,
            ["generation"] = after.Generation,
            ["from"] = new JsonObject { ["auth"] = before.Auth, ["subscription"] = await NameAsync(before.SubscriptionId), ["provider"] = before.Provider, ["via"] = before.Via },
            ["to"] = new JsonObject { ["auth"] = after.Auth, ["subscription"] = await NameAsync(after.SubscriptionId), ["provider"] = after.Provider, ["via"] = after.Via },
        };
    }
}
