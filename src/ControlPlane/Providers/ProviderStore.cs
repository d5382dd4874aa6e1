using Dapper;
using Npgsql;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Providers;

/// <summary>SQL of providers and their keys.</summary>
internal sealed class ProviderStore(NpgsqlDataSource database)
{
    private const string Columns = "id, name, type, display_name, base_url, enabled, settings_cipher, settings_key_id, version, created_at, updated_at";
    private const string KeyColumns = "id, provider_id, ordinal, name, secret_cipher, cipher_key_id, hint, created_at";

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => database.OpenConnectionAsync(cancellationToken);

    public async Task<IReadOnlyList<ProviderRow>> ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<ProviderRow>(new CommandDefinition($"select {Columns} from ai_providers where deleted_at is null order by name", cancellationToken: cancellationToken))];

    public Task<ProviderRow?> FindAsync(NpgsqlConnection connection, IdOrName target, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<ProviderRow?>(new CommandDefinition(
            $"select {Columns} from ai_providers where deleted_at is null and (id = @Id or name = @Name)",
            new { target.Id, target.Name },
            cancellationToken: cancellationToken));

    /// <summary>The keys of these providers, each provider's in order.</summary>
    public async Task<ILookup<Guid, ProviderKeyRow>> ListKeysAsync(NpgsqlConnection connection, Guid[] providerIds, CancellationToken cancellationToken)
    {
        var rows = await connection.QueryAsync<ProviderKeyRow>(new CommandDefinition(
            $"select {KeyColumns} from ai_provider_keys where provider_id = any(@providerIds) order by provider_id, ordinal",
            new { providerIds },
            cancellationToken: cancellationToken));
        return rows.ToLookup(row => row.ProviderId);
    }

    /// <summary>What live replicas say is wrong with providers; entries of an unknown shape are left out.</summary>
    public async Task<ILookup<Guid, ReportedError>> ListReportedErrorsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = """
            select (error ->> 'provider_id')::uuid as provider_id, address, coalesce(error ->> 'message', '') as message
            from bridge_replicas, jsonb_array_elements(case jsonb_typeof(errors) when 'array' then errors else '[]' end) as error
            where heartbeat_at > now() - interval '5 seconds'
              and error ->> 'provider_id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
            order by address
            """;
        var rows = await connection.QueryAsync<ReportedError>(new CommandDefinition(sql, cancellationToken: cancellationToken));
        return rows.ToLookup(row => row.ProviderId);
    }

    /// <summary>Which of these names any provider ever had, deleted ones included.</summary>
    public async Task<IReadOnlyList<string>> NamesEverUsedAsync(NpgsqlConnection connection, string[] names, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<string>(new CommandDefinition("select distinct name from ai_providers where name = any(@names)", new { names }, cancellationToken: cancellationToken))];

    public Task InsertAsync(NpgsqlConnection connection, ProviderRow row, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into ai_providers (id, name, type, display_name, base_url, enabled, settings_cipher, settings_key_id, version, created_at, updated_at)
            values (@Id, @Name, @Type, @DisplayName, @BaseUrl, @Enabled, @SettingsCipher, @SettingsKeyId, @Version, @CreatedAt, @UpdatedAt)
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, row, cancellationToken: cancellationToken));
    }

    /// <summary>Writes what can change, and raises the version.</summary>
    public Task UpdateAsync(NpgsqlConnection connection, ProviderRow row, CancellationToken cancellationToken)
    {
        const string sql = """
            update ai_providers
            set display_name = @DisplayName, base_url = @BaseUrl, enabled = @Enabled, settings_cipher = @SettingsCipher, settings_key_id = @SettingsKeyId,
                updated_at = @UpdatedAt, version = version + 1
            where id = @Id and deleted_at is null
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, row, cancellationToken: cancellationToken));
    }

    public async Task SoftDeleteAsync(NpgsqlConnection connection, Guid id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync(new CommandDefinition("delete from ai_provider_keys where provider_id = @id", new { id }, cancellationToken: cancellationToken));
        const string sql = """
            update ai_providers
            set deleted_at = @now, updated_at = @now, version = version + 1, settings_cipher = null, settings_key_id = null
            where id = @id and deleted_at is null
            """;
        await connection.ExecuteAsync(new CommandDefinition(sql, new { id, now }, cancellationToken: cancellationToken));
    }

    public Task InsertKeysAsync(NpgsqlConnection connection, IEnumerable<ProviderKeyRow> rows, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into ai_provider_keys (id, provider_id, ordinal, name, secret_cipher, cipher_key_id, hint, created_at)
            values (@Id, @ProviderId, @Ordinal, @Name, @SecretCipher, @CipherKeyId, @Hint, @CreatedAt)
            """;
        return connection.ExecuteAsync(new CommandDefinition(sql, rows, cancellationToken: cancellationToken));
    }

    public Task MoveKeyAsync(NpgsqlConnection connection, Guid id, int ordinal, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition("update ai_provider_keys set ordinal = @ordinal where id = @id", new { id, ordinal }, cancellationToken: cancellationToken));

    public Task DeleteKeysAsync(NpgsqlConnection connection, Guid[] ids, CancellationToken cancellationToken) =>
        connection.ExecuteAsync(new CommandDefinition("delete from ai_provider_keys where id = any(@ids)", new { ids }, cancellationToken: cancellationToken));
}
