using Dapper;
using Npgsql;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.VirtualKeys;

/// <summary>SQL of virtual keys. The keys themselves are not stored, only their hashes.</summary>
internal sealed class VirtualKeyStore(NpgsqlDataSource database)
{
    private const string Columns = "id, name, hint, agent, providers, models, limits::text as limits, expires_at, revoked_at, version, created_at";

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => database.OpenConnectionAsync(cancellationToken);

    public async Task<IReadOnlyList<VirtualKeyRow>> ListAsync(NpgsqlConnection connection, bool includeRevoked, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<VirtualKeyRow>(new CommandDefinition(
            $"select {Columns} from virtual_keys where @includeRevoked or revoked_at is null order by name, id desc", new { includeRevoked }, cancellationToken: cancellationToken))];

    /// <summary>By id, revoked ones included; by name, the one that is not revoked.</summary>
    public Task<VirtualKeyRow?> FindAsync(NpgsqlConnection connection, IdOrName target, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<VirtualKeyRow?>(new CommandDefinition(
            $"select {Columns} from virtual_keys where id = @Id or (name = @Name and revoked_at is null)", new { target.Id, target.Name }, cancellationToken: cancellationToken));

    public async Task<IReadOnlyList<string>> ListProviderNamesAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition("select name from ai_providers where deleted_at is null order by name", cancellationToken: cancellationToken))];

    public Task InsertAsync(NpgsqlConnection connection, VirtualKeyRow row, byte[] hash, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into virtual_keys (id, name, hash, hint, agent, providers, models, limits, expires_at, created_at)
            values (@Id, @Name, @hash, @Hint, @Agent, @Providers, @Models, @Limits::jsonb, @ExpiresAt, @CreatedAt)
            """;
        var parameters = new { row.Id, row.Name, hash, row.Hint, row.Agent, row.Providers, row.Models, row.Limits, row.ExpiresAt, row.CreatedAt };
        return connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    /// <summary>Writes what can change, and raises the version.</summary>
    public Task UpdateAsync(NpgsqlConnection connection, VirtualKeyRow row, CancellationToken cancellationToken)
    {
        const string sql = """
            update virtual_keys
            set providers = @Providers, models = @Models, limits = @Limits::jsonb, expires_at = @ExpiresAt, version = version + 1
            where id = @Id and revoked_at is null
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, row, cancellationToken: cancellationToken));
    }

    public Task RevokeAsync(NpgsqlConnection connection, Guid id, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            "update virtual_keys set revoked_at = @now, version = version + 1 where id = @id and revoked_at is null", new { id, now }, cancellationToken: cancellationToken));
}

/// <summary>A row of <c>virtual_keys</c>, without the hash.</summary>
internal sealed record VirtualKeyRow
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required string Hint { get; init; }

    public string? Agent { get; init; }

    public string[]? Providers { get; init; }

    public string[]? Models { get; init; }

    /// <summary>JSON of <see cref="Shared.Configuration.VirtualKeyLimits"/>.</summary>
    public string? Limits { get; init; }

    public DateTime? ExpiresAt { get; init; }

    public DateTime? RevokedAt { get; init; }

    public long Version { get; init; } = 1;

    public DateTime CreatedAt { get; init; }
}
