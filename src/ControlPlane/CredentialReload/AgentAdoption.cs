using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.AutoSwitch;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>Gives a subscription to an agent that has lost its credential without anybody having wanted it to work with none. No task of it is touched.</summary>
/// <remarks>
/// Two writes mark agents for it in their own transactions: a new subscription marks those whose subscription was deleted, and taking a provider's last key away
/// marks those that worked with that key. The mark is work for any control plane, so it is done whoever is killed.
/// </remarks>
internal sealed class AgentAdoption(AgentStore agents, CandidateLoader candidates, AgentAssignment assignment, SwitchJournal journal, TimeProvider time)
{
    public const string Actor = "adoption";
    private const string Reason = "adopted: it had no credential";

    /// <summary>Looks once: the agent gets the subscription with the most room, or operators hear that there is none.</summary>
    /// <param name="held">The agent's lock.</param>
    /// <param name="agent">As it is inside the lock.</param>
    /// <param name="cancellationToken">Ends the waiting, not what is committed.</param>
    public async Task AdoptAsync(AgentLock held, AgentRow agent, CancellationToken cancellationToken)
    {
        if (await ChooseAsync(agent, cancellationToken) is not { } choice)
        {
            return; // somebody gave it a credential meanwhile
        }

        if (choice.Target is not { } target)
        {
            await journal.NotPlacedAsync(agent, choice, cancellationToken);
            return;
        }

        await assignment.ChangeAsync(
            held,
            row => row with { Auth = AgentAuth.Subscription, SubscriptionId = target.Id, Adopt = false },
            AuditActions.AgentAssign,
            Actor,
            Reason,
            cancellationToken);
        await journal.PlacedAsync(agent, choice, cancellationToken);
    }

    // Null: it has a credential. The mark goes where nothing comes of it.
    private async Task<SwitchPlan?> ChooseAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        var isWithout = agent.Auth == AgentAuth.None || (agent.Auth == AgentAuth.ApiKey && await agents.IsWithoutKeyAsync(connection, agent.Id, cancellationToken));
        var now = time.GetUtcNow();
        var choice = isWithout ? SwitchDecider.Place(await candidates.LoadAsync(connection, now, cancellationToken), now) : null;
        if (choice?.Target is null)
        {
            await agents.UnmarkAsync(connection, agent.Id, cancellationToken);
        }

        return choice;
    }
}
