using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.Replicas;

/// <summary>SQL of the bridge replicas' reports.</summary>
internal sealed class ReplicaStore(NpgsqlDataSource database)
{
    // Judged by the database's clock, the same that stamps the heartbeats.
    private const string IsLive = "heartbeat_at > now() - interval '5 seconds'";

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => database.OpenConnectionAsync(cancellationToken);

    public async Task<IReadOnlyList<ReplicaRow>> ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = $"""
            select id, address, version, generation, applied_at, heartbeat_at, started_at, draining::text as draining, errors::text as errors, {IsLive} as live
            from bridge_replicas
            order by address, id
            """;
        return [.. await connection.QueryAsync<ReplicaRow>(new CommandDefinition(sql, cancellationToken: cancellationToken))];
    }

    /// <summary>What waiting for the fleet needs, and no more: this is asked many times a second.</summary>
    public async Task<IReadOnlyList<ReplicaProgress>> ListProgressAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<ReplicaProgress>(new CommandDefinition($"select generation, {IsLive} as live from bridge_replicas", cancellationToken: cancellationToken))];
    }

    public Task<long> RevisionAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition("select revision from config_revision", cancellationToken: cancellationToken));

    /// <summary>Removes the replica unless it is live, and returns its address.</summary>
    public Task<string?> DeleteLostAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<string?>(new CommandDefinition($"delete from bridge_replicas where id = @id and not ({IsLive}) returning address", new { id }, cancellationToken: cancellationToken));

    public Task<bool> ExistsAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<bool>(new CommandDefinition("select exists (select from bridge_replicas where id = @id)", new { id }, cancellationToken: cancellationToken));
}

/// <summary>A row of <c>bridge_replicas</c>.</summary>
internal sealed record ReplicaRow
{
    public const string LiveState = "live";

    public required Guid Id { get; init; }

    public required string Address { get; init; }

    public required string Version { get; init; }

    public required long Generation { get; init; }

    public DateTime? AppliedAt { get; init; }

    public required DateTime HeartbeatAt { get; init; }

    public required DateTime StartedAt { get; init; }

    /// <summary>JSON as the replica wrote it.</summary>
    public required string Draining { get; init; }

    /// <summary>JSON as the replica wrote it.</summary>
    public required string Errors { get; init; }

    public required bool Live { get; init; }

    /// <summary>A replica without a fresh heartbeat is lost: it may still be serving.</summary>
    public string State => Live ? LiveState : "lost";
}

/// <summary>How far a replica is.</summary>
internal sealed record ReplicaProgress
{
    public required long Generation { get; init; }

    public required bool Live { get; init; }
}
