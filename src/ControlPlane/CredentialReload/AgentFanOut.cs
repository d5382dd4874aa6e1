using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Rollouts;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>Lets a change of what many agents work with reach all of them: every agent's generation is raised in the change's own transaction, and the control planes deliver.</summary>
/// <remarks>What is committed is done, whoever is killed: an agent whose generation is ahead of what it acknowledged is work for any control plane.</remarks>
internal sealed class AgentFanOut(AgentStore agents, AgentGenerations generations, RolloutRecorder rollouts, AgentSignal signal)
{
    /// <summary>A subscription's token has changed.</summary>
    /// <param name="write">The change's transaction.</param>
    /// <param name="before">The subscription with its old token.</param>
    /// <param name="actor">Who changed it.</param>
    /// <param name="cancellationToken">Ends the write.</param>
    /// <returns>The rollout; null when no agent ever worked with the old token.</returns>
    public async Task<Guid?> RollOverAsync(WriteTransaction write, SubscriptionRow before, string actor, CancellationToken cancellationToken)
    {
        var raised = await RaiseAsync(write, await agents.ListBySubscriptionAsync(write.Connection, before.Id, cancellationToken), row => row, "key rollover", cancellationToken);
        return await RecordAsync(write, before, RolloutActions.RollOver, raised, actor, cancellationToken);
    }

    /// <summary>A subscription is deleted: its agents are left with nothing.</summary>
    /// <returns>The rollout; null when no agent ever worked with its token.</returns>
    public async Task<Guid?> WithdrawAsync(WriteTransaction write, SubscriptionRow subscription, string actor, CancellationToken cancellationToken)
    {
        var concerned = await agents.ListBySubscriptionAsync(write.Connection, subscription.Id, cancellationToken);
        var raised = await RaiseAsync(write, concerned, row => row with { Auth = AgentAuth.None, SubscriptionId = null }, GenerationReasons.SubscriptionDeleted, cancellationToken);
        return await RecordAsync(write, subscription, RolloutActions.Delete, raised, actor, cancellationToken);
    }

    /// <summary>A provider's address, keys or state have changed: agents that work with it directly get what holds now.</summary>
    /// <returns>Those agents, raised.</returns>
    public async Task<IReadOnlyList<AgentRow>> ProviderChangedAsync(WriteTransaction write, string provider, CancellationToken cancellationToken) =>
        await RaiseAsync(write, await agents.ListDirectAsync(write.Connection, provider, cancellationToken), row => row, "provider changed", cancellationToken);

    /// <summary>A subscription is new: agents whose own was deleted may have it.</summary>
    public async Task RegisteredAsync(WriteTransaction write, CancellationToken cancellationToken)
    {
        await agents.MarkOrphansAsync(write.Connection, cancellationToken);
        write.AfterCommit(signal.Raise);
    }

    /// <summary>A provider's last key is gone: agents that worked with it may have a subscription.</summary>
    public async Task LastKeyRemovedAsync(WriteTransaction write, string provider, CancellationToken cancellationToken)
    {
        await agents.MarkKeylessAsync(write.Connection, provider, cancellationToken);
        write.AfterCommit(signal.Raise);
    }

    /// <summary>The bridge is reached elsewhere now.</summary>
    public async Task BridgeMovedAsync(WriteTransaction write, string bridgeUrl, string actor, CancellationToken cancellationToken)
    {
        var concerned = (await agents.ListAsync(write.Connection, cancellationToken)).Where(agent => agent.BridgeUrl != bridgeUrl).ToList();
        var raised = await RaiseAsync(write, concerned, row => row with { BridgeUrl = bridgeUrl }, "bridge address changed", cancellationToken);
        if (raised.Count > 0)
        {
            await rollouts.RecordForAgentsAsync(write, $"bridge {bridgeUrl}", RolloutActions.Update, [], raised, actor, cancellationToken);
        }
    }

    // An agent that works with something else by now may have tasks that still run on this token.
    private async Task<Guid?> RecordAsync(WriteTransaction write, SubscriptionRow retired, string action, IReadOnlyList<AgentRow> raised, string actor, CancellationToken cancellationToken) =>
        raised.Count > 0 || await agents.HasAnyWorkedWithAsync(write.Connection, retired.Fingerprint, cancellationToken)
            ? await rollouts.RecordForAgentsAsync(write, $"subscription {retired.Name}", action, [new(retired.Id, retired.Hint, retired.Fingerprint)], raised, actor, cancellationToken)
            : null;

    private async Task<IReadOnlyList<AgentRow>> RaiseAsync(WriteTransaction write, IReadOnlyList<AgentRow> concerned, Func<AgentRow, AgentRow> change, string reason, CancellationToken cancellationToken)
    {
        var raised = new List<AgentRow>();
        foreach (var agent in concerned)
        {
            raised.Add(await generations.RaiseAsync(write, change(agent), reason, cancellationToken));
        }

        write.AfterCommit(signal.Raise);
        return raised;
    }
}
