using Npgsql;
using Trinity.Shared.Configuration;

namespace Trinity.Shared.Tests.Database;

public sealed class ConfigTriggersTests : IAsyncLifetime
{
    private const string Providers = "insert into ai_providers (id, name, type, base_url, created_at, updated_at) select gen_random_uuid(), 'p' || n, 'openai', 'https://example.com/', now(), now() from generate_series(1, 3) n";
    private const string ProviderKeys = "insert into ai_provider_keys (id, provider_id, ordinal, secret_cipher, cipher_key_id, hint, created_at) select gen_random_uuid(), id, 0, '', 'k', '...', now() from ai_providers";
    private const string VirtualKeys = "insert into virtual_keys (id, name, hash, hint, created_at) select gen_random_uuid(), 'v' || n, n::text::bytea, '...', now() from generate_series(1, 3) n";

    private PostgresDatabase _database = null!;
    private NotificationRecorder _notifications = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await MigratedDatabase.CreateAsync(Timeouts.Token);
        foreach (var insert in (string[])[Providers, ProviderKeys, VirtualKeys])
        {
            await _database.ExecuteAsync(insert, Timeouts.Token);
        }

        _notifications = await NotificationRecorder.StartAsync(_database.DataSource);
    }

    public async ValueTask DisposeAsync()
    {
        await _notifications.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Theory]
    [InlineData(NotificationChannels.AiProviders, "insert into ai_providers (id, name, type, base_url, created_at, updated_at) select gen_random_uuid(), 'q' || n, 'openai', '', now(), now() from generate_series(1, 9) n")]
    [InlineData(NotificationChannels.AiProviders, "update ai_providers set enabled = false")]
    [InlineData(NotificationChannels.AiProviders, "insert into ai_provider_keys select gen_random_uuid(), provider_id, 1, name, secret_cipher, cipher_key_id, hint, created_at from ai_provider_keys")]
    [InlineData(NotificationChannels.AiProviders, "update ai_provider_keys set ordinal = ordinal + 1")]
    [InlineData(NotificationChannels.AiProviders, "delete from ai_provider_keys")]
    [InlineData(NotificationChannels.AiProviders, "truncate ai_provider_keys")]
    [InlineData(NotificationChannels.VirtualKeys, "insert into virtual_keys (id, name, hash, hint, created_at) values (gen_random_uuid(), 'x', 'x', '...', now())")]
    [InlineData(NotificationChannels.VirtualKeys, "update virtual_keys set revoked_at = now()")]
    [InlineData(NotificationChannels.VirtualKeys, "delete from virtual_keys where name = 'v1'")]
    [InlineData(NotificationChannels.VirtualKeys, "truncate virtual_keys")]
    [InlineData(NotificationChannels.VirtualKeys, "insert into virtual_keys (id, name, hash, hint, created_at) select gen_random_uuid(), 'x', '1', '...', now() on conflict (hash) do update set hint = 'new'")]
    [InlineData(NotificationChannels.VirtualKeys, "merge into virtual_keys v using (values ('v1')) as s (name) on v.name = s.name when matched then update set hint = 'new'")]
    [InlineData(NotificationChannels.VirtualKeys, "with gone as (delete from virtual_keys returning 1) select count(*) from gone")]
    public async Task Statement_WhateverRowsItTouches_NotifiesOnceWithoutPayload(string channel, string sql)
    {
        var before = await RevisionAsync();

        await _database.ExecuteAsync(sql, Timeouts.Token);

        Assert.Equal([(channel, "")], await _notifications.TakeAsync());
        Assert.Equal(before + 1, await RevisionAsync());
    }

    [Theory]
    [InlineData("update ai_providers set enabled = false where name = 'nobody'")]
    [InlineData("delete from ai_provider_keys where ordinal = 99")]
    [InlineData("delete from virtual_keys where false")]
    [InlineData("insert into virtual_keys select * from virtual_keys where false")]
    [InlineData("insert into virtual_keys (id, name, hash, hint, created_at) select gen_random_uuid(), 'x', '1', '...', now() on conflict do nothing")]
    [InlineData("select * from ai_providers for update")]
    [InlineData("insert into bridge_replicas (id, address, version, generation, heartbeat_at, started_at) values (gen_random_uuid(), '', '', 1, now(), now())")]
    public async Task Statement_ThatChangesNoConfiguration_IsSilent(string sql)
    {
        var before = await RevisionAsync();

        await _database.ExecuteAsync(sql, Timeouts.Token);

        Assert.Empty(await _notifications.TakeAsync());
        Assert.Equal(before, await RevisionAsync());
    }

    [Fact]
    public async Task Transaction_NotifiesAtCommitAndNotBefore()
    {
        var before = await RevisionAsync();
        await using var connection = await _database.DataSource.OpenConnectionAsync(Timeouts.Token);
        await using var transaction = await connection.BeginTransactionAsync(Timeouts.Token);
        await ExecuteAsync(connection, "update ai_providers set enabled = false");
        await ExecuteAsync(connection, "update ai_provider_keys set hint = 'new'");
        await ExecuteAsync(connection, "update virtual_keys set hint = 'new'");

        Assert.Empty(await _notifications.TakeAsync());
        Assert.Equal(before, await RevisionAsync());

        await transaction.CommitAsync(Timeouts.Token);

        // Postgres folds equal notifications of one transaction into one; the revision counts every statement.
        Assert.Equal(
            [(NotificationChannels.AiProviders, ""), (NotificationChannels.VirtualKeys, "")],
            (await _notifications.TakeAsync()).OrderBy(notification => notification.Channel, StringComparer.Ordinal));
        Assert.Equal(before + 3, await RevisionAsync());
    }

    [Fact]
    public async Task Rollback_IsSilent()
    {
        var before = await RevisionAsync();
        await using var connection = await _database.DataSource.OpenConnectionAsync(Timeouts.Token);
        await using (var transaction = await connection.BeginTransactionAsync(Timeouts.Token))
        {
            await ExecuteAsync(connection, "update ai_providers set enabled = false");
            await ExecuteAsync(connection, "truncate virtual_keys");
            await transaction.RollbackAsync(Timeouts.Token);
        }

        Assert.Empty(await _notifications.TakeAsync());
        Assert.Equal(before, await RevisionAsync());
    }

    [Fact]
    public async Task Revision_IsTakenInCommitOrder()
    {
        await using var first = await _database.DataSource.OpenConnectionAsync(Timeouts.Token);
        await using var transaction = await first.BeginTransactionAsync(Timeouts.Token);
        await ExecuteAsync(first, "update ai_providers set enabled = false where name = 'p1'");

        // Another row, but the counter is taken: without that, the later revision could become visible before the earlier one.
        var blocked = await Assert.ThrowsAsync<PostgresException>(() =>
            _database.ExecuteAsync("set lock_timeout = '50ms'; update ai_providers set enabled = false where name = 'p2'", Timeouts.Token));

        Assert.Equal(PostgresErrorCodes.LockNotAvailable, blocked.SqlState);
        await transaction.CommitAsync(Timeouts.Token);
        await _database.ExecuteAsync("update ai_providers set enabled = false where name = 'p2'", Timeouts.Token);
    }

    [Fact]
    public async Task ChangedAt_IsWhenTheStatementRan()
    {
        var before = await _database.ScalarAsync<DateTime>("select clock_timestamp()", Timeouts.Token);
        await _database.ExecuteAsync("update ai_providers set enabled = false", Timeouts.Token);
        var changedAt = await _database.ScalarAsync<DateTime>("select changed_at from config_revision", Timeouts.Token);
        Assert.InRange(changedAt, before, await _database.ScalarAsync<DateTime>("select clock_timestamp()", Timeouts.Token));
    }

    [Fact]
    public async Task Revision_HasOneRowOnly() =>
        await Assert.ThrowsAsync<PostgresException>(() => _database.ExecuteAsync("insert into config_revision default values", Timeouts.Token));

    private Task<long> RevisionAsync() => _database.ScalarAsync<long>("select revision from config_revision", Timeouts.Token);

    private static async Task ExecuteAsync(NpgsqlConnection connection, string sql)
    {
        await using var command = new NpgsqlCommand(sql, connection);
        await command.ExecuteNonQueryAsync(Timeouts.Token);
    }
}
