using Dapper;
using Npgsql;
using Trinity.ControlPlane.Agents;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>SQL that finds out whose failure a failure is: by the generation or the token that was in use, never by what is in use now.</summary>
internal sealed class AttributionStore(NpgsqlDataSource database)
{
    private const string Columns = "g.agent_id, a.name as agent, g.subscription_id, g.subscription, g.generation, g.fingerprint";

    /// <summary>What one generation of an agent stood for; null when that was no subscription.</summary>
    public async Task<Attribution?> OfGenerationAsync(Guid agentId, long generation, CancellationToken cancellationToken)
    {
        const string sql = $"""
            select {Columns} from agent_generations g join agents a on a.id = g.agent_id
            where g.agent_id = @agentId and g.generation = @generation and g.subscription_id is not null
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<Attribution?>(new CommandDefinition(sql, new { agentId, generation }, cancellationToken: cancellationToken));
    }

    /// <summary>
    /// Whose token a refused request carried: of the agent that the virtual key was given to, the generation with that token that was the last when the request came.
    /// Without one, whose subscription it is now, used by somebody else. Null: none of ours.
    /// </summary>
    public async Task<Attribution?> OfCredentialAsync(Guid virtualKeyId, string fingerprint, DateTimeOffset requestedAt, CancellationToken cancellationToken)
    {
        // A request can be a moment older than its generation, by two machines' clocks: then the earliest.
        const string agents = $"""
            select {Columns} from agent_generations g join agents a on a.id = g.agent_id
            where g.fingerprint = @fingerprint and g.subscription_id is not null and g.virtual_key_id = @virtualKeyId
            order by g.created_at <= @requestedAt desc, case when g.created_at <= @requestedAt then -g.generation else g.generation end
            limit 1
            """;
        const string anybody = """
            select null::uuid as agent_id, null::text as agent, id as subscription_id, name as subscription, null::bigint as generation, fingerprint
            from subscriptions where fingerprint = @fingerprint order by name limit 1
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var parameters = new { virtualKeyId, fingerprint, requestedAt };
        return await connection.QuerySingleOrDefaultAsync<Attribution?>(new CommandDefinition(agents, parameters, cancellationToken: cancellationToken))
            ?? await connection.QuerySingleOrDefaultAsync<Attribution?>(new CommandDefinition(anybody, parameters, cancellationToken: cancellationToken));
    }

    /// <summary>What the agent works with, and since which generation it is this very credential.</summary>
    public async Task<Assignment> AssignmentOfAsync(NpgsqlConnection connection, AgentRow agent, CancellationToken cancellationToken)
    {
        const string sql = """
            select coalesce(max(g.generation), 0) + 1
            from agent_generations g
            where g.agent_id = @Id and g.generation < @Generation
              and (g.subscription_id, g.fingerprint) is distinct from (
                @SubscriptionId, (select c.fingerprint from agent_generations c where c.agent_id = @Id and c.generation = @Generation))
            """;
        var since = await connection.ExecuteScalarAsync<long>(new CommandDefinition(sql, new { agent.Id, agent.Generation, agent.SubscriptionId }, cancellationToken: cancellationToken));
        return new Assignment(agent.SubscriptionId, since);
    }

    /// <summary>Why an agent cannot go on with its provider's own keys, for the middle of a sentence; null: it can.</summary>
    public async Task<string?> WhyNoApiKeyAsync(NpgsqlConnection connection, AgentRow agent, CancellationToken cancellationToken) =>
        agent.Via != AgentVia.Bridge ? "its provider's own keys stay out of the hands of an agent that does not go through the bridge"
        : agent.Provider is { } provider && await HasKeyAsync(connection, provider, cancellationToken) ? null
        : "its provider has no key of its own";

    private static Task<bool> HasKeyAsync(NpgsqlConnection connection, string provider, CancellationToken cancellationToken)
    {
        const string sql = """
            select exists (
              select from ai_providers p join ai_provider_keys k on k.provider_id = p.id
              where p.name = @provider and p.deleted_at is null and p.enabled)
            """;
        return connection.ExecuteScalarAsync<bool>(new CommandDefinition(sql, new { provider }, cancellationToken: cancellationToken));
    }
}

/// <summary>Whose a failure is.</summary>
internal sealed record Attribution
{
    /// <summary>Null: no agent's.</summary>
    public Guid? AgentId { get; init; }

    public string? Agent { get; init; }

    public required Guid SubscriptionId { get; init; }

    public required string Subscription { get; init; }

    public long? Generation { get; init; }

    public string? Fingerprint { get; init; }
}
