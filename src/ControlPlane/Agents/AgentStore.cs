using Dapper;
using Npgsql;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Agents;

/// <summary>SQL of agents and of their generations.</summary>
internal sealed class AgentStore(NpgsqlDataSource database)
{
    private const string Columns = """
        id, name, runtime, image, auth, subscription_id, provider, via, cpus, memory_bytes, pids, command, environment::text as environment, desired_state,
        token_cipher, token_key_id, virtual_key_id, virtual_key_cipher, virtual_key_key_id, bridge_url, recreate, adopt, generation, version, created_at, updated_at
        """;

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => database.OpenConnectionAsync(cancellationToken);

    public async Task<IReadOnlyList<AgentRow>> ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<AgentRow>(new CommandDefinition($"select {Columns} from agents order by name", cancellationToken: cancellationToken))];

    public Task<AgentRow?> FindAsync(NpgsqlConnection connection, IdOrName target, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<AgentRow?>(new CommandDefinition(
            $"select {Columns} from agents where id = @Id or name = @Name", new { target.Id, target.Name }, cancellationToken: cancellationToken));

    public async Task<IReadOnlyList<AgentRow>> ListBySubscriptionAsync(NpgsqlConnection connection, Guid subscriptionId, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<AgentRow>(new CommandDefinition(
            $"select {Columns} from agents where subscription_id = @subscriptionId order by name", new { subscriptionId }, cancellationToken: cancellationToken))];

    /// <summary>Those that hold the provider's address, and its key where they work with it, in their own hands.</summary>
    public async Task<IReadOnlyList<AgentRow>> ListDirectAsync(NpgsqlConnection connection, string provider, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<AgentRow>(new CommandDefinition(
            $"select {Columns} from agents where provider = @provider and via = 'provider' and auth <> 'none' order by name", new { provider }, cancellationToken: cancellationToken))];

    /// <summary>Has a subscription looked for, for the agents that nobody gave anything since theirs was deleted.</summary>
    public Task MarkOrphansAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = """
            update agents a set adopt = true
            where auth = 'none' and runtime <> 'codex' and desired_state <> 'deleted'
              and (select g.reason from agent_generations g
                   where g.agent_id = a.id and g.generation > (select max(n.generation) from agent_generations n where n.agent_id = a.id and n.auth <> 'none')
                   order by g.generation limit 1) = @SubscriptionDeleted
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, new { GenerationReasons.SubscriptionDeleted }, cancellationToken: cancellationToken));
    }

    /// <summary>Has a subscription looked for, for the agents that worked with a provider's keys, of which none is left.</summary>
    public Task MarkKeylessAsync(NpgsqlConnection connection, string provider, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            "update agents set adopt = true where auth = 'api_key' and provider = @provider and runtime <> 'codex' and desired_state <> 'deleted'",
            new { provider },
            cancellationToken: cancellationToken));

    public Task UnmarkAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition("update agents set adopt = false where id = @id", new { id }, cancellationToken: cancellationToken));

    /// <summary>Whether the agent's provider is there and has no key.</summary>
    public Task<bool> IsWithoutKeyAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken)
    {
        const string sql = """
            select exists (
              select from agents a join ai_providers p on p.name = a.provider and p.deleted_at is null
              where a.id = @id and not exists (select from ai_provider_keys k where k.provider_id = p.id))
            """;
        return connection.ExecuteScalarAsync<bool>(new CommandDefinition(sql, new { id }, cancellationToken: cancellationToken));
    }

    public Task InsertAsync(NpgsqlConnection connection, AgentRow row, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into agents (id, name, runtime, image, auth, subscription_id, provider, via, cpus, memory_bytes, pids, command, environment, desired_state,
                                token_cipher, token_key_id, virtual_key_id, virtual_key_cipher, virtual_key_key_id, bridge_url, generation, created_at, updated_at)
            values (@Id, @Name, @Runtime, @Image, @Auth, @SubscriptionId, @Provider, @Via, @Cpus, @MemoryBytes, @Pids, @Command, @Environment::jsonb, @DesiredState,
                    @TokenCipher, @TokenKeyId, @VirtualKeyId, @VirtualKeyCipher, @VirtualKeyKeyId, @BridgeUrl, @Generation, @CreatedAt, @UpdatedAt)
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, row, cancellationToken: cancellationToken));
    }

    /// <summary>Writes all that can change, and raises the version.</summary>
    public Task UpdateAsync(NpgsqlConnection connection, AgentRow row, CancellationToken cancellationToken)
    {
        const string sql = """
            update agents
            set image = @Image, auth = @Auth, subscription_id = @SubscriptionId, provider = @Provider, via = @Via, cpus = @Cpus, memory_bytes = @MemoryBytes, pids = @Pids,
                command = @Command, environment = @Environment::jsonb, desired_state = @DesiredState, virtual_key_id = @VirtualKeyId, virtual_key_cipher = @VirtualKeyCipher,
                virtual_key_key_id = @VirtualKeyKeyId, bridge_url = @BridgeUrl, recreate = @Recreate, adopt = @Adopt, generation = @Generation, version = version + 1, updated_at = @UpdatedAt
            where id = @Id
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, row, cancellationToken: cancellationToken));
    }

    public Task SetIntentAsync(NpgsqlConnection connection, Guid id, string desiredState, DateTime now, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            "update agents set desired_state = @desiredState, version = version + 1, updated_at = @now where id = @id and desired_state <> @desiredState",
            new { id, desiredState, now },
            cancellationToken: cancellationToken));

    public Task DeleteAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition("delete from agents where id = @id", new { id }, cancellationToken: cancellationToken));

    /// <summary>Stamped by the database's clock, as the agents' reports are that it is compared with.</summary>
    public Task InsertGenerationAsync(NpgsqlConnection connection, AgentGenerationRow row, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into agent_generations (agent_id, generation, auth, subscription_id, subscription, token_generation, fingerprint, virtual_key_id, reason, created_at)
            values (@AgentId, @Generation, @Auth, @SubscriptionId, @Subscription, @TokenGeneration, @Fingerprint, @VirtualKeyId, @Reason, clock_timestamp())
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, row, cancellationToken: cancellationToken));
    }

    /// <summary>Whether any agent was ever given the credential with this fingerprint.</summary>
    public Task<bool> HasAnyWorkedWithAsync(NpgsqlConnection connection, string fingerprint, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition(
            """
            select exists (select from agent_generations where fingerprint = @fingerprint)
              or exists (select from agent_reports where fingerprint = @fingerprint or running @> jsonb_build_array(jsonb_build_object('fingerprint', @fingerprint::text)))
            """, new { fingerprint }, cancellationToken: cancellationToken));

    /// <summary>Virtual keys that only generations below <paramref name="lowestInUse"/> were given, and that are not revoked.</summary>
    public async Task<IReadOnlyList<Guid>> ListOutgrownVirtualKeysAsync(NpgsqlConnection connection, Guid agentId, long lowestInUse, CancellationToken cancellationToken)
    {
        const string sql = """
            select distinct k.id
            from agent_generations g join virtual_keys k on k.id = g.virtual_key_id
            where g.agent_id = @agentId and g.generation < @lowestInUse and k.revoked_at is null
              and not exists (select from agent_generations n where n.agent_id = @agentId and n.generation >= @lowestInUse and n.virtual_key_id = k.id)
            """;
        return [.. await connection.QueryAsync<Guid>(new CommandDefinition(sql, new { agentId, lowestInUse }, cancellationToken: cancellationToken))];
    }

    /// <summary>The agent that a virtual key belongs to; null when it is nobody's.</summary>
    public Task<string?> FindOwnerAsync(NpgsqlConnection connection, Guid virtualKeyId, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<string?>(new CommandDefinition("select name from agents where virtual_key_id = @virtualKeyId", new { virtualKeyId }, cancellationToken: cancellationToken));
}
