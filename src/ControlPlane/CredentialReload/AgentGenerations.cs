using Npgsql;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>Counts an agent's credentials, and writes down what each count stood for. A change is in the database before anybody is told of it.</summary>
internal sealed class AgentGenerations(AgentStore agents, SubscriptionStore subscriptions, CredentialSource source, WriteTransactions writes, TimeProvider time)
{
    /// <summary>Writes the agent as it is to be, one generation further.</summary>
    public async Task<AgentRow> RaiseAsync(WriteTransaction write, AgentRow changed, string reason, CancellationToken cancellationToken)
    {
        var row = changed with { Generation = changed.Generation + 1, UpdatedAt = time.GetUtcNow().UtcDateTime };
        await agents.UpdateAsync(write.Connection, row, cancellationToken);
        await RecordAsync(write.Connection, row, reason, cancellationToken);
        return row with { Version = row.Version + 1 };
    }

    /// <summary>Leaves every generation that the agent has heard of behind; nothing when the agent has been changed since <paramref name="agent"/> was read.</summary>
    public async Task RaiseAboveAsync(AgentRow agent, long theirs, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if (await agents.FindAsync(write.Connection, new IdOrName(agent.Id, null), cancellationToken) is { } current && current.Generation == agent.Generation)
        {
            await RaiseAsync(write, current with { Generation = Math.Max(theirs, current.Generation) }, "the agent knew a later generation", cancellationToken);
            await write.CommitAsync(cancellationToken);
        }
    }

    /// <summary>Writes down what the row's generation stands for.</summary>
    public async Task RecordAsync(NpgsqlConnection connection, AgentRow agent, string reason, CancellationToken cancellationToken)
    {
        var subscription = agent.SubscriptionId is { } id ? await subscriptions.FindAsync(connection, new IdOrName(id, null), cancellationToken) : null;
        var (credential, _) = await source.OfAsync(connection, agent, cancellationToken);
        var row = new AgentGenerationRow
        {
            AgentId = agent.Id,
            Generation = agent.Generation,
            Auth = agent.Auth,
            SubscriptionId = subscription?.Id,
            Subscription = subscription?.Name,
            TokenGeneration = subscription?.TokenGeneration,
            Fingerprint = credential?.Fingerprint ?? subscription?.Fingerprint, // a token that cannot be decrypted now may be delivered later
            VirtualKeyId = agent.Auth != AgentAuth.None && agent.Via == AgentVia.Bridge ? agent.VirtualKeyId : null,
            Reason = reason,
        };
        await agents.InsertGenerationAsync(connection, row, cancellationToken);
    }
}
