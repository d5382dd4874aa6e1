using Dapper;
using Npgsql;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Providers;

namespace Trinity.ControlPlane.Rollouts;

/// <summary>SQL of rollouts.</summary>
internal sealed class RolloutStore(NpgsqlDataSource database)
{
    private const string Select = """
        select r.id, r.provider_id, p.name as provider, coalesce(r.subject, 'provider ' || p.name) as subject, r.action, r.generation, r.retired_key_ids, r.retired_key_hints,
               r.fingerprints_cipher, r.fingerprints_key_id, r.created_by, r.created_at
        from rollouts r left join ai_providers p on p.id = r.provider_id
        """;

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => database.OpenConnectionAsync(cancellationToken);

    /// <summary>Stamped by the database's clock, as the agents' reports are that it is compared with.</summary>
    public Task InsertAsync(NpgsqlConnection connection, RolloutRow row, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into rollouts (id, provider_id, subject, action, generation, retired_key_ids, retired_key_hints, fingerprints_cipher, fingerprints_key_id, created_by, created_at)
            values (@Id, @ProviderId, @Subject, @Action, @Generation, @RetiredKeyIds, @RetiredKeyHints, @FingerprintsCipher, @FingerprintsKeyId, @CreatedBy, clock_timestamp())
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, row, cancellationToken: cancellationToken));
    }

    public async Task InsertAgentsAsync(NpgsqlConnection connection, Guid rolloutId, IReadOnlyList<AgentRow> agents, CancellationToken cancellationToken)
    {
        const string sql = "insert into rollout_agents (rollout_id, agent_id, agent, generation) values (@rolloutId, @Id, @Name, @Generation)";
        foreach (var agent in agents)
        {
            await connection.ExecuteAsync(new CommandDefinition(sql, new { rolloutId, agent.Id, agent.Name, agent.Generation }, cancellationToken: cancellationToken));
        }
    }

    /// <summary>The agents of these rollouts, with what was last seen of each; an agent that is deleted since is not among them.</summary>
    public async Task<ILookup<Guid, RolloutAgentRow>> ListAgentsAsync(NpgsqlConnection connection, Guid[] rolloutIds, CancellationToken cancellationToken)
    {
        const string sql = """
            select a.rollout_id, a.agent_id, a.agent, a.generation, coalesce(p.state, 'unknown') as state, coalesce(p.generation, 0) as acknowledged, coalesce(p.running::text, '[]') as running, p.delivery, p.problem, p.reported_at
            from rollout_agents a join agents g on g.id = a.agent_id left join agent_reports p on p.agent_id = a.agent_id
            where a.rollout_id = any(@rolloutIds)
            order by a.agent
            """;
        return (await connection.QueryAsync<RolloutAgentRow>(new CommandDefinition(sql, new { rolloutIds }, cancellationToken: cancellationToken))).ToLookup(row => row.RolloutId);
    }

    /// <summary>The agents that were ever given credentials with these fingerprints, by what was written down or by what they report, with what was last seen of each.</summary>
    public async Task<IReadOnlyList<SecretHolder>> ListHoldersAsync(NpgsqlConnection connection, string[] fingerprints, CancellationToken cancellationToken)
    {
        const string sql = """
            select h.fingerprint, n.created_at as replaced_at,
                   h.agent_id, g.name as agent, coalesce(n.generation, h.generation + 1) as generation, coalesce(p.state, 'unknown') as state, coalesce(p.generation, 0) as acknowledged,
                   coalesce(p.running::text, '[]') as running, p.delivery, p.problem, p.reported_at
            from (
              select fingerprint, agent_id, max(generation) as generation
              from (
                select fingerprint, agent_id, generation from agent_generations
                union all select fingerprint, agent_id, generation from agent_reports
                union all select tasks ->> 'fingerprint', agent_id, (tasks ->> 'generation')::bigint from agent_reports, jsonb_array_elements(running) tasks) given
              where fingerprint = any(@fingerprints)
              group by fingerprint, agent_id) h
              join agents g on g.id = h.agent_id
              left join lateral (select generation, created_at from agent_generations where agent_id = h.agent_id and generation > h.generation order by generation limit 1) n on true
              left join agent_reports p on p.agent_id = h.agent_id
            order by g.name
            """;
        var rows = await connection.QueryAsync<HeldRow, RolloutAgentRow, SecretHolder>(
            new CommandDefinition(sql, new { fingerprints }, cancellationToken: cancellationToken), (held, agent) => new SecretHolder(held.Fingerprint, held.ReplacedAt, agent), splitOn: "agent_id");
        return [.. rows];
    }

    public Task<RolloutRow?> FindAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<RolloutRow?>(new CommandDefinition($"{Select} where r.id = @id", new { id }, cancellationToken: cancellationToken));

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<RolloutRow>> ListAsync(NpgsqlConnection connection, Guid? after, string? provider, int limit, CancellationToken cancellationToken)
    {
        const string sql = $"""
            {Select}
            where (@after::uuid is null or r.id < @after) and (@provider::text is null or p.name = @provider)
            order by r.id desc
            limit @limit
            """;
        return [.. await connection.QueryAsync<RolloutRow>(new CommandDefinition(sql, new { after, provider, limit }, cancellationToken: cancellationToken))];
    }

    /// <summary>Rollouts that some replica has not applied, or still serves requests on a key of.</summary>
    /// <param name="connection">To read on.</param>
    /// <param name="appliedByAll">The generation that all replicas have applied.</param>
    /// <param name="draining">Keys that requests still run on.</param>
    /// <param name="cancellationToken">Ends the read.</param>
    public async Task<IReadOnlyList<RolloutRow>> ListUnfinishedAsync(NpgsqlConnection connection, long appliedByAll, Guid[] draining, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<RolloutRow>(new CommandDefinition(
            $"{Select} where r.generation > @appliedByAll or r.retired_key_ids && @draining", new { appliedByAll, draining }, cancellationToken: cancellationToken))];

    /// <summary>Every key that any provider is configured with now, disabled ones included.</summary>
    public async Task<IReadOnlyList<ConfiguredKeyRow>> ListConfiguredKeysAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = """
            select p.name as provider, k.id, k.provider_id, k.ordinal, k.name, k.secret_cipher, k.cipher_key_id, k.hint, k.created_at
            from ai_provider_keys k join ai_providers p on p.id = k.provider_id
            where p.deleted_at is null
            order by p.name, k.ordinal
            """;
        var rows = await connection.QueryAsync<string, ProviderKeyRow, ConfiguredKeyRow>(
            new CommandDefinition(sql, cancellationToken: cancellationToken), (provider, key) => new ConfiguredKeyRow(provider, key));
        return [.. rows];
    }

    private sealed record HeldRow
    {
        public string Fingerprint { get; init; } = "";

        public DateTime? ReplacedAt { get; init; }
    }
}

/// <summary>A row of <c>rollouts</c>, with its provider's name.</summary>
internal sealed record RolloutRow
{
    public required Guid Id { get; init; }

    /// <summary>Null: it is about agents alone.</summary>
    public Guid? ProviderId { get; init; }

    public string? Provider { get; init; }

    /// <summary>What it is about; null in the database for a provider's.</summary>
    public string? Subject { get; init; }

    public required string Action { get; init; }

    public required long Generation { get; init; }

    public required Guid[] RetiredKeyIds { get; init; }

    public required string[] RetiredKeyHints { get; init; }

    public byte[]? FingerprintsCipher { get; init; }

    public string? FingerprintsKeyId { get; init; }

    public required string CreatedBy { get; init; }

    /// <summary>By the database's clock; it is not written from here.</summary>
    public DateTime CreatedAt { get; init; }
}

/// <summary>An agent's part in a rollout, and what was last seen of it.</summary>
internal sealed record RolloutAgentRow
{
    public Guid RolloutId { get; init; }

    public Guid AgentId { get; init; }

    public string Agent { get; init; } = "";

    public long Generation { get; init; }

    public string State { get; init; } = "";

    public long Acknowledged { get; init; }

    public string Running { get; init; } = "";

    public string? Delivery { get; init; }

    public string? Problem { get; init; }

    public DateTime? ReportedAt { get; init; }
}

/// <summary>A key in use, and by which provider.</summary>
internal sealed record ConfiguredKeyRow(string Provider, ProviderKeyRow Key);
