using System.Data;
using Dapper;
using Npgsql;

namespace Trinity.AiBridge.Reload;

/// <summary>Step (b) of the reload path: reads the whole configuration in one repeatable-read transaction, so that it is one revision's.</summary>
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
        await using var results = await connection.QueryMultipleAsync(new CommandDefinition(Sql, transaction: transaction, cancellationToken: cancellationToken));
        return new ConfigRows
        {
            Revision = await results.ReadSingleAsync<long>(),
            Providers = [.. await results.ReadAsync<ProviderRow>()],
            ProviderKeys = [.. await results.ReadAsync<ProviderKeyRow>()],
            VirtualKeys = [.. await results.ReadAsync<VirtualKeyRow>()],
        };
    }
}
