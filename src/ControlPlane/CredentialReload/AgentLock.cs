using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>The right to change one agent, its container and its credential; disposing gives it back.</summary>
internal sealed class AgentLock(Guid agentId, NpgsqlConnection connection, SemaphoreSlim gate, SemaphoreSlim places) : IAsyncDisposable
{
    /// <summary>The first half of the advisory lock's key: it is about an agent.</summary>
    public const int Space = 0x7472_6167;

    public Guid AgentId => agentId;

    /// <summary>The second half. The end of an id is random; two agents that share it wait for each other, no more.</summary>
    public static int KeyOf(Guid agentId) => BitConverter.ToInt32(agentId.ToByteArray(), 12);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await connection.ExecuteAsync("select pg_advisory_unlock(@Space, @key)", new { Space, key = KeyOf(agentId) });
        }
        catch (Exception lost) when (lost is NpgsqlException or InvalidOperationException or TimeoutException)
        {
            NpgsqlConnection.ClearPool(connection); // the connection is lost, and the lock with it
        }
        finally
        {
            await connection.DisposeAsync();
            places.Release();
            gate.Release();
        }
    }
}
