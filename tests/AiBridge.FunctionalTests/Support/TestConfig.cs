using Npgsql;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.AiBridge.FunctionalTests.Support;

/// <summary>Writes configuration straight into the database, as any writer may: the bridge must notice by itself.</summary>
internal sealed class TestConfig(NpgsqlDataSource database, SecretProtector secrets)
{
    private readonly Dictionary<string, Guid> _providers = new(StringComparer.Ordinal);

    public Guid IdOf(string provider) => _providers[provider];

    /// <summary>Adds a provider with its keys in order.</summary>
    public async Task<Guid> AddProviderAsync(string name, string type, string baseUrl, string[]? keys = null, ProviderSettings? settings = null, bool enabled = true)
    {
        var id = Guid.CreateVersion7();
        var cipher = settings is null ? null : secrets.Protect(settings.ToJson(), SecretScope.ProviderSettings(id));
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, """
            insert into ai_providers (id, name, type, base_url, enabled, settings_cipher, settings_key_id, created_at, updated_at) values ($1, $2, $3, $4, $5, $6, $7, now(), now())
            """, id, name, type, baseUrl, enabled, (object?)cipher?.Cipher ?? DBNull.Value, (object?)cipher?.KeyId ?? DBNull.Value);
        for (var ordinal = 0; ordinal < (keys?.Length ?? 0); ordinal++)
        {
            await InsertKeyAsync(connection, id, ordinal, keys![ordinal]);
        }

        await transaction.CommitAsync();
        return _providers[name] = id;
    }

    /// <summary>Replaces all keys in one transaction; returns the revision that it made.</summary>
    public async Task<long> SetKeysAsync(string provider, params string[] keys)
    {
        await using var connection = await database.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        await ExecuteAsync(connection, "delete from ai_provider_keys where provider_id = $1", IdOf(provider));
        for (var ordinal = 0; ordinal < keys.Length; ordinal++)
        {
            await InsertKeyAsync(connection, IdOf(provider), ordinal, keys[ordinal]);
        }

        await using var read = new NpgsqlCommand("select revision from config_revision", connection);
        var revision = (long)(await read.ExecuteScalarAsync())!;
        await transaction.CommitAsync();
        return revision;
    }

    public Task EnableAsync(string provider, bool enabled) => ExecuteAsync("update ai_providers set enabled = $2 where id = $1", IdOf(provider), enabled);

    public Task SetBaseUrlAsync(string provider, string baseUrl) => ExecuteAsync("update ai_providers set base_url = $2 where id = $1", IdOf(provider), baseUrl);

    /// <summary>A change that alters what a bridge is built from: a time limit of the provider's settings.</summary>
    public Task EditAsync(string provider, int idleTimeoutSeconds)
    {
        var cipher = secrets.Protect(new ProviderSettings { IdleTimeoutSeconds = idleTimeoutSeconds }.ToJson(), SecretScope.ProviderSettings(IdOf(provider)));
        return ExecuteAsync("update ai_providers set settings_cipher = $2, settings_key_id = $3 where id = $1", IdOf(provider), cipher.Cipher, cipher.KeyId);
    }

    public Task DeleteAsync(string provider) => ExecuteAsync("update ai_providers set deleted_at = now() where id = $1", IdOf(provider));

    /// <summary>Adds a virtual key and returns its token.</summary>
    public async Task<string> AddVirtualKeyAsync(
        string name = "tester", string[]? providers = null, string[]? models = null, VirtualKeyLimits? limits = null, DateTimeOffset? expiresAt = null, string? agent = null)
    {
        var token = VirtualKeyToken.Create();
        await ExecuteAsync("""
            insert into virtual_keys (id, name, hash, hint, agent, providers, models, limits, expires_at, created_at) values ($1, $2, $3, $4, $5, $6, $7, $8::jsonb, $9, now())
            """, Guid.CreateVersion7(), name, VirtualKeyToken.Hash(token), SecretHint.Of(token), (object?)agent ?? DBNull.Value,
            (object?)providers ?? DBNull.Value, (object?)models ?? DBNull.Value, (object?)limits?.ToJson() ?? DBNull.Value, (object?)expiresAt ?? DBNull.Value);
        return token;
    }

    public Task RevokeVirtualKeyAsync(string name) => ExecuteAsync("update virtual_keys set revoked_at = now() where name = $1", name);

    public async Task<long> RevisionAsync()
    {
        await using var command = database.CreateCommand("select revision from config_revision");
        return (long)(await command.ExecuteScalarAsync())!;
    }

    private Task InsertKeyAsync(NpgsqlConnection connection, Guid provider, int ordinal, string key)
    {
        var id = Guid.CreateVersion7();
        var cipher = secrets.Protect(key, SecretScope.ProviderKey(id));
        return ExecuteAsync(connection, """
            insert into ai_provider_keys (id, provider_id, ordinal, secret_cipher, cipher_key_id, hint, created_at) values ($1, $2, $3, $4, $5, $6, now())
            """, id, provider, ordinal, cipher.Cipher, cipher.KeyId, SecretHint.Of(key));
    }

    private async Task ExecuteAsync(string sql, params object[] values)
    {
        await using var connection = await database.OpenConnectionAsync();
        await ExecuteAsync(connection, sql, values);
    }

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql, params object[] values)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        }

        await command.ExecuteNonQueryAsync();
    }
}
