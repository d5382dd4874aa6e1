using System.Collections.Concurrent;
using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>One lock per agent over all control planes: a Postgres advisory lock on a connection of its own. It ends with the connection, so also with a killed control plane.</summary>
/// <remarks>
/// <c>_gates</c> holds one gate per agent ever locked here: only whoever is through it asks the database, so that many waiters for one agent take one connection
/// and not all of them.
/// </remarks>
internal sealed class AgentLocks(NpgsqlDataSource database)
{
    private readonly ConcurrentDictionary<Guid, SemaphoreSlim> _gates = new();

    /// <summary>Waits for its turn.</summary>
    public async Task<AgentLock> AcquireAsync(Guid agentId, CancellationToken cancellationToken)
    {
        var gate = GateOf(agentId);
        await gate.WaitAsync(cancellationToken);
        return await TakeAsync(agentId, gate, "select true from pg_advisory_lock(@Space, @key)", cancellationToken)
            ?? throw new InvalidOperationException("A lock that was waited for is held.");
    }

    /// <summary>Null: somebody else holds it.</summary>
    public async Task<AgentLock?> TryAcquireAsync(Guid agentId, CancellationToken cancellationToken)
    {
        var gate = GateOf(agentId);
        return await gate.WaitAsync(0, cancellationToken) ? await TakeAsync(agentId, gate, "select pg_try_advisory_lock(@Space, @key)", cancellationToken) : null;
    }

    private SemaphoreSlim GateOf(Guid agentId) => _gates.GetOrAdd(agentId, _ => new SemaphoreSlim(1, 1));

    private async Task<AgentLock?> TakeAsync(Guid agentId, SemaphoreSlim gate, string sql, CancellationToken cancellationToken)
    {
        NpgsqlConnection? connection = null;
        var isTaken = false;
        try
        {
            connection = await database.OpenConnectionAsync(cancellationToken);
            var key = AgentLock.KeyOf(agentId);
            isTaken = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(sql, new { AgentLock.Space, key }, commandTimeout: 0, cancellationToken: cancellationToken));
            return isTaken ? new AgentLock(agentId, connection, gate) : null;
        }
        finally
        {
            if (!isTaken)
            {
                await (connection?.DisposeAsync() ?? ValueTask.CompletedTask);
                gate.Release();
            }
        }
    }
}
