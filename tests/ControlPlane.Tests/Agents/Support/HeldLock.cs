using Npgsql;
using Trinity.ControlPlane.CredentialReload;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>An agent's lock in the hands of the test, as if another control plane had it.</summary>
internal sealed class HeldLock : IAsyncDisposable
{
    private readonly PostgresDatabase _database;
    private readonly NpgsqlConnection _connection;
    private readonly int _key;

    private HeldLock(PostgresDatabase database, NpgsqlConnection connection, int key) => (_database, _connection, _key) = (database, connection, key);

    public static async Task<HeldLock> TakeAsync(PostgresDatabase database, Guid agentId)
    {
        var connection = await database.DataSource.OpenConnectionAsync(Timeouts.Token);
        var held = new HeldLock(database, connection, AgentLock.KeyOf(agentId));
        await held.ExecuteAsync("pg_advisory_lock");
        return held;
    }

    /// <summary>Waits until a control plane waits for it.</summary>
    public Task WhenWaitedForAsync() => Eventually.TrueAsync(
        async () => await _database.ScalarAsync<long>(
            $"select count(*) from pg_locks where locktype = 'advisory' and not granted and objid = {(uint)_key} and database = (select oid from pg_database where datname = current_database())") > 0,
        "a control plane waits for the agent's lock");

    public async ValueTask DisposeAsync()
    {
        await ExecuteAsync("pg_advisory_unlock");
        await _connection.DisposeAsync();
    }

    private async Task ExecuteAsync(string function)
    {
        await using var command = new NpgsqlCommand($"select {function}({AgentLock.Space}, {_key})", _connection);
        await command.ExecuteScalarAsync(Timeouts.Token);
    }
}
