using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.Database;

/// <summary>Begins transactions that change configuration.</summary>
internal sealed class WriteTransactions(NpgsqlDataSource database)
{
    /// <summary>Waits for its turn: one configuration write at a time, over all control planes.</summary>
    public async Task<WriteTransaction> BeginAsync(CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);

            // The triggers take this row's lock anyway. Taking it first means that every check sees what the last writer committed,
            // and that two writers cannot wait for each other.
            await connection.ExecuteAsync(new CommandDefinition("select from config_revision for update", cancellationToken: cancellationToken));
            return new WriteTransaction(connection, transaction);
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }
}

/// <summary>One change of the configuration with its audit entries; rolled back unless committed.</summary>
internal sealed class WriteTransaction(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
{
    private readonly List<Action> _afterCommit = [];

    /// <summary>What the stores run their statements on; they are part of the transaction.</summary>
    public NpgsqlConnection Connection => connection;

    /// <summary>The configuration's revision as this transaction will leave it.</summary>
    public Task<long> RevisionAsync(CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<long>(new CommandDefinition("select revision from config_revision", cancellationToken: cancellationToken));

    /// <summary>Has something told (logs, metrics) only once it is true.</summary>
    public void AfterCommit(Action action) => _afterCommit.Add(action);

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        await transaction.CommitAsync(cancellationToken);
        _afterCommit.ForEach(action => action());
    }

    public async ValueTask DisposeAsync()
    {
        await transaction.DisposeAsync();
        await connection.DisposeAsync();
    }
}

/// <summary>What a committed write gives its caller: the result, the generation that carries it, and the rollout that retires keys, if any.</summary>
internal sealed record Written<T>(T Value, long Generation, Guid? RolloutId = null);
