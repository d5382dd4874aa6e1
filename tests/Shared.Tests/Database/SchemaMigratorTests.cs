using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Trinity.Shared.Database;

namespace Trinity.Shared.Tests.Database;

public sealed class SchemaMigratorTests : IAsyncLifetime
{
    private PostgresDatabase _database = null!;
    private NpgsqlDataSource _dataSource = null!;

    private SchemaMigrator Migrator => new(_dataSource, NullLogger<SchemaMigrator>.Instance);

    public async ValueTask InitializeAsync()
    {
        _database = await PostgresDatabase.CreateAsync(cancellationToken: Timeouts.Token);
        _dataSource = TrinityDatabase.Create(_database.ConnectionString, "trinity-tests");
    }

    public async ValueTask DisposeAsync()
    {
        await _dataSource.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task MigrateAsync_EmptyDatabase_AppliesEverythingOnce()
    {
        Assert.False(await Migrator.IsCurrentAsync(Timeouts.Token));

        var applied = await Migrator.MigrateAsync(Timeouts.Token);

        Assert.InRange(applied, 1, int.MaxValue);
        Assert.Equal(applied, await _database.ScalarAsync<long>("select count(*) from schema_migrations", Timeouts.Token));
        Assert.True(await Migrator.IsCurrentAsync(Timeouts.Token));
        Assert.Equal(0, await Migrator.MigrateAsync(Timeouts.Token));
        Assert.Equal(0, await _database.ScalarAsync<long>("select revision from config_revision", Timeouts.Token));
    }

    [Fact]
    public async Task MigrateAsync_SeveralAtOnce_OneDoesTheWork()
    {
        var applied = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Migrator.MigrateAsync(Timeouts.Token)));

        Assert.Single(applied, count => count > 0);
        Assert.True(await Migrator.IsCurrentAsync(Timeouts.Token));
    }

    [Fact]
    public async Task MigrateAsync_NewerSchema_IsRefused()
    {
        await Migrator.MigrateAsync(Timeouts.Token);
        await _database.ExecuteAsync("insert into schema_migrations (version, name) values (9999, '9999_future.sql')", Timeouts.Token);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => Migrator.MigrateAsync(Timeouts.Token));

        Assert.Contains("9999", error.Message, StringComparison.Ordinal);
        Assert.False(await Migrator.IsCurrentAsync(Timeouts.Token));
    }

    [Fact]
    public async Task MigrateAsync_ScriptFails_LeavesNothingOfItAndTheLockIsFree()
    {
        await _database.ExecuteAsync("create table audit_events ()", Timeouts.Token); // stands in the way of the first script, near its end

        await Assert.ThrowsAsync<PostgresException>(() => Migrator.MigrateAsync(Timeouts.Token));

        Assert.True(await _database.ScalarAsync<bool>("select to_regclass('ai_providers') is null", Timeouts.Token));
        Assert.Equal(0, await _database.ScalarAsync<long>("select count(*) from schema_migrations", Timeouts.Token));
        await _database.ExecuteAsync("drop table audit_events", Timeouts.Token);
        Assert.InRange(await Migrator.MigrateAsync(Timeouts.Token), 1, int.MaxValue);
    }

    [Fact]
    public async Task MigrateAsync_CancelledWhileAnotherMigrates_Ends()
    {
        await using var other = await _database.DataSource.OpenConnectionAsync(Timeouts.Token);
        await using var hold = new NpgsqlCommand("select pg_advisory_lock(x'7472696e697479'::bigint)", other);
        await hold.ExecuteNonQueryAsync(Timeouts.Token);
        using var cancellation = new CancellationTokenSource();

        var migration = Migrator.MigrateAsync(cancellation.Token);
        await Eventually.TrueAsync(
            async () => await _database.ScalarAsync<long>("select count(*) from pg_locks where locktype = 'advisory' and not granted") == 1,
            "the migrator waits for the lock");
        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => migration);
        Assert.True(await _database.ScalarAsync<bool>("select to_regclass('schema_migrations') is null", Timeouts.Token));
    }
}
