using Dapper;
using Npgsql;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.Subscriptions;

/// <summary>SQL of subscriptions.</summary>
internal sealed class SubscriptionStore(NpgsqlDataSource database)
{
    private const string Columns = "id, name, type, tier, token_cipher, cipher_key_id, hint, fingerprint, token_generation, soft_ceiling_percent, version, created_at, updated_at";

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => database.OpenConnectionAsync(cancellationToken);

    public async Task<IReadOnlyList<SubscriptionRow>> ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<SubscriptionRow>(new CommandDefinition($"select {Columns} from subscriptions order by name", cancellationToken: cancellationToken))];

    public Task<SubscriptionRow?> FindAsync(NpgsqlConnection connection, IdOrName target, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<SubscriptionRow?>(new CommandDefinition(
            $"select {Columns} from subscriptions where id = @Id or name = @Name", new { target.Id, target.Name }, cancellationToken: cancellationToken));

    public Task InsertAsync(NpgsqlConnection connection, SubscriptionRow row, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition(
            $"""
            insert into subscriptions ({Columns})
            values (@Id, @Name, @Type, @Tier, @TokenCipher, @CipherKeyId, @Hint, @Fingerprint, @TokenGeneration, @SoftCeilingPercent, @Version, @CreatedAt, @UpdatedAt)
            """,
            row,
            cancellationToken: cancellationToken));

    public Task UpdateAsync(NpgsqlConnection connection, SubscriptionRow row, CancellationToken cancellationToken)
    {
        const string sql = """
            update subscriptions
            set type = @Type, tier = @Tier, token_cipher = @TokenCipher, cipher_key_id = @CipherKeyId, hint = @Hint, fingerprint = @Fingerprint,
                token_generation = @TokenGeneration, soft_ceiling_percent = @SoftCeilingPercent, version = @Version, updated_at = @UpdatedAt
            where id = @Id
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, row, cancellationToken: cancellationToken));
    }

    public Task DeleteAsync(NpgsqlConnection connection, Guid id, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition("delete from subscriptions where id = @id", new { id }, cancellationToken: cancellationToken));
}

/// <summary>A row of <c>subscriptions</c>.</summary>
internal sealed record SubscriptionRow
{
    public required Guid Id { get; init; }

    public required string Name { get; init; }

    public string? Type { get; init; }

    public string? Tier { get; init; }

    public byte[] TokenCipher { get; init; } = [];

    public string CipherKeyId { get; init; } = "";

    public string Hint { get; init; } = "";

    public string Fingerprint { get; init; } = "";

    public long TokenGeneration { get; init; } = 1;

    /// <summary>Null: the settings' default.</summary>
    public int? SoftCeilingPercent { get; init; }

    public long Version { get; init; } = 1;

    public DateTime CreatedAt { get; init; }

    public DateTime UpdatedAt { get; init; }

    public ProtectedSecret ProtectedToken => new(TokenCipher, CipherKeyId);
}
