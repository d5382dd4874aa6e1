using Dapper;
using Npgsql;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.OperatorTokens;

/// <summary>SQL of operator tokens.</summary>
internal sealed class OperatorTokenStore(NpgsqlDataSource database)
{
    private const string Columns = "id, name, role, hint, created_at, revoked_at";

    public async Task<OperatorTokenRow?> FindActiveAsync(byte[] hash, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await FindActiveAsync(connection, hash, cancellationToken);
    }

    public Task<OperatorTokenRow?> FindActiveAsync(NpgsqlConnection connection, byte[] hash, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<OperatorTokenRow?>(new CommandDefinition(
            $"select {Columns} from operator_tokens where hash = @hash and revoked_at is null", new { hash }, cancellationToken: cancellationToken));

    public Task<OperatorTokenRow?> FindActiveAsync(NpgsqlConnection connection, IdOrName target, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<OperatorTokenRow?>(new CommandDefinition(
            $"select {Columns} from operator_tokens where revoked_at is null and (id = @Id or name = @Name)", new { target.Id, target.Name }, cancellationToken: cancellationToken));

    public async Task<IReadOnlyList<OperatorTokenRow>> ListActiveAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<OperatorTokenRow>(new CommandDefinition($"select {Columns} from operator_tokens where revoked_at is null order by name", cancellationToken: cancellationToken))];
    }

    public Task<int> CountActiveAsync(NpgsqlConnection connection, string? role, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<int>(new CommandDefinition(
            "select count(*) from operator_tokens where revoked_at is null and (@role::text is null or role = @role)", new { role }, cancellationToken: cancellationToken));

    public Task InsertAsync(NpgsqlConnection connection, OperatorTokenRow row, byte[] hash, CancellationToken cancellationToken)
    {
        const string sql = "insert into operator_tokens (id, name, role, hash, hint, created_at) values (@Id, @Name, @Role, @hash, @Hint, @CreatedAt)";
        return connection.ExecuteAsync(new CommandDefinition(sql, new { row.Id, row.Name, row.Role, hash, row.Hint, row.CreatedAt }, cancellationToken: cancellationToken));
    }

    public Task RevokeAsync(NpgsqlConnection connection, Guid id, DateTimeOffset now, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition("update operator_tokens set revoked_at = @now where id = @id and revoked_at is null", new { id, now }, cancellationToken: cancellationToken));
}

/// <summary>A row of <c>operator_tokens</c>, without the hash.</summary>
internal sealed record OperatorTokenRow
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public required string Role { get; init; }

    public required string Hint { get; init; }

    public required DateTime CreatedAt { get; init; }

    public DateTime? RevokedAt { get; init; }
}
