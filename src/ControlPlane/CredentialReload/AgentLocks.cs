using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>One lock per agent over all control planes: a Postgres advisory lock on a connection of its own. It ends with the connection, so also with a killed control plane.</summary>
/// <remarks>
/// <c>_gates</c> holds one gate per agent ever locked here: only whoever is through it asks the database, so that many waiters for one agent take one connection
/// and not all of them. <c>_places</c> bounds the locks of all agents: whoever holds one has a connection for as long, and needs others of the same pool for what it
/// does, as does every request that needs no lock. Nobody takes a lock while he holds one, so a place always becomes free.
/// </remarks>
[SuppressMessage("Reliability", "CA1001", Justification = "A semaphore holds nothing unless its wait handle is asked for, and a lock may be given back after the services are disposed.")]
internal sealed class AgentLocks(NpgsqlDataSource database)
{
    private readonly ConcurrentDictionary<Guid, SemaphoreSlim> _gates = new();
    private readonly SemaphoreSlim _places = new(PlacesOf(database));

    /// <summary>Waits for its turn.</summary>
    public async Task<AgentLock> AcquireAsync(Guid agentId, CancellationToken cancellationToken)
    {
        var gate = GateOf(agentId);
        await gate.WaitAsync(cancellationToken);
        return await TakeAsync(agentId, gate, "select true from pg_advisory_lock(@Space, @key)", cancellationToken)
            ?? throw new InvalidOperationException("A lock that was waited for is held.");
    }

    /// <summary>Null: somebody else holds it. It waits for no holder of this agent's lock, only for a place.</summary>
    public async Task<AgentLock?> TryAcquireAsync(Guid agentId, CancellationToken cancellationToken)
    {
        var gate = GateOf(agentId);
        return await gate.WaitAsync(0, cancellationToken) ? await TakeAsync(agentId, gate, "select pg_try_advisory_lock(@Space, @key)", cancellationToken) : null;
    }

    // A quarter of the pool: beside the lock's own connection there are three more for what its holder does.
    private static int PlacesOf(NpgsqlDataSource database) => Math.Max(1, new NpgsqlConnectionStringBuilder(database.ConnectionString).MaxPoolSize / 4);

    private SemaphoreSlim GateOf(Guid agentId) => _gates.GetOrAdd(agentId, _ => new SemaphoreSlim(1, 1));

    private async Task<AgentLock?> TakeAsync(Guid agentId, SemaphoreSlim gate, string sql, CancellationToken cancellationToken)
    {
        NpgsqlConnection? connection = null;
        var (hasPlace, isTaken) = (false, false);
        try
        {
            await _places.WaitAsync(cancellationToken);
            hasPlace = true;
            connection = await database.OpenConnectionAsync(cancellationToken);
            var key = AgentLock.KeyOf(agentId);
            isTaken = await connection.ExecuteScalarAsync<bool>(new CommandDefinition(sql, new { AgentLock.Space, key }, commandTimeout: 0, cancellationToken: cancellationToken));
            return isTaken ? new AgentLock(agentId, connection, gate, _places) : null;
        }
        finally
        {
            if (!isTaken)
            {
                await (connection?.DisposeAsync() ?? ValueTask.CompletedTask);
                if (hasPlace)
                {
                    _places.Release();
                }

                gate.Release();
            }
        }
    }
}
