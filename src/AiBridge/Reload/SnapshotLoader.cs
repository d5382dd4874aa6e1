using System.Data;
using Npgsql;

namespace Trinity.AiBridge.Reload;

/// <summary>Step (b) of the reload path: reads the whole configuration in one repeatable-read transaction, so that it is one revision's.</summary>
/// <remarks>Npgsql alone: Dapper would be a twentieth of the process's memory, for a handful of queries.</remarks>
internal sealed class SnapshotLoader(NpgsqlDataSource database)
{
    private const string Sql = """
        select revision from config_revision;
        select id, name, type, base_url, enabled, settings_cipher, settings_key_id from ai_providers where deleted_at is null order by name;
        select k.id, k.provider_id, k.ordinal, k.name, k.secret_cipher, k.cipher_key_id, k.hint
          from ai_provider_keys k join ai_providers p on p.id = k.provider_id where p.deleted_at is null order by k.provider_id, k.ordinal;
        select id, name, hash, agent, providers, models, limits::text as limits, expires_at, revoked_at
          from virtual_keys where revoked_at is null or revoked_at > now() - interval '30 days';
        """;

    /// <exception cref="NpgsqlException">Postgres is out of reach, or the schema is not ours.</exception>
    public async Task<ConfigRows> LoadAsync(CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(IsolationLevel.RepeatableRead, cancellationToken);
        await using var command = new NpgsqlCommand(Sql, connection, transaction);
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return new ConfigRows
        {
            Revision = (await ReadAsync(reader, row => row.GetInt64(0), cancellationToken)).Single(),
            Providers = await ReadAsync(reader, Provider, cancellationToken),
            ProviderKeys = await ReadAsync(reader, ProviderKey, cancellationToken),
            VirtualKeys = await ReadAsync(reader, VirtualKey, cancellationToken),
        };
    }

    /// <summary>One result set; goes on to the next.</summary>
    private static async Task<List<T>> ReadAsync<T>(NpgsqlDataReader reader, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken)
    {
        var rows = new List<T>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(read(reader));
        }

        await reader.NextResultAsync(cancellationToken);
        return rows;
    }

    private static ProviderRow Provider(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Name = row.GetString(1),
        Type = row.GetString(2),
        BaseUrl = row.GetString(3),
        Enabled = row.GetBoolean(4),
        SettingsCipher = OrNull<byte[]>(row, 5),
        SettingsKeyId = OrNull<string>(row, 6),
    };

    private static ProviderKeyRow ProviderKey(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        ProviderId = row.GetGuid(1),
        Ordinal = row.GetInt32(2),
        Name = OrNull<string>(row, 3),
        SecretCipher = row.GetFieldValue<byte[]>(4),
        CipherKeyId = row.GetString(5),
        Hint = row.GetString(6),
    };

    private static VirtualKeyRow VirtualKey(NpgsqlDataReader row) => new()
    {
        Id = row.GetGuid(0),
        Name = row.GetString(1),
        Hash = row.GetFieldValue<byte[]>(2),
        Agent = OrNull<string>(row, 3),
        Providers = OrNull<string[]>(row, 4),
        Models = OrNull<string[]>(row, 5),
        Limits = OrNull<string>(row, 6),
        ExpiresAt = row.IsDBNull(7) ? null : row.GetFieldValue<DateTimeOffset>(7),
        RevokedAt = row.IsDBNull(8) ? null : row.GetFieldValue<DateTimeOffset>(8),
    };

    private static T? OrNull<T>(NpgsqlDataReader row, int column)
        where T : class => row.IsDBNull(column) ? null : row.GetFieldValue<T>(column);
}
