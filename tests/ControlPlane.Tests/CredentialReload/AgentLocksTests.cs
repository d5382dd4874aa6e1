using Npgsql;
using Trinity.ControlPlane.CredentialReload;

namespace Trinity.ControlPlane.Tests.CredentialReload;

/// <summary>Locks have their connections of the pool that everything else lives on.</summary>
public sealed class AgentLocksTests : IAsyncLifetime
{
    private const int Connections = 4; // room for one lock

    private PostgresDatabase _database = null!;
    private NpgsqlDataSource _source = null!;

    public async ValueTask InitializeAsync()
    {
        _database = await PostgresDatabase.CreateAsync();
        _source = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(_database.ConnectionString) { MaxPoolSize = Connections }.ConnectionString);
    }

    public async ValueTask DisposeAsync()
    {
        await _source.DisposeAsync();
        await _database.DisposeAsync();
    }

    [Fact]
    public async Task Acquire_ManyAgentsAtOnce_LeavesConnectionsToEverybodyElse()
    {
        var locks = new AgentLocks(_source);
        var waiting = Enumerable.Range(0, 3 * Connections).Select(number => locks.AcquireAsync(Agent(number), Timeouts.Token)).ToList();

        while (waiting.Count > 0)
        {
            var next = await Task.WhenAny(waiting);
            waiting.Remove(next);
            await using (await next)
            {
                await using var first = await _source.OpenConnectionAsync(Timeouts.Token);
                await using var second = await _source.OpenConnectionAsync(Timeouts.Token);
                await using var third = await _source.OpenConnectionAsync(Timeouts.Token);
            }
        }
    }

    [Fact]
    public async Task TryAcquire_AnotherHoldsIt_GivesItsPlaceBack()
    {
        var (locks, others) = (new AgentLocks(_source), new AgentLocks(_database.DataSource));
        await using (await others.AcquireAsync(Agent(1), Timeouts.Token))
        {
            Assert.Null(await locks.TryAcquireAsync(Agent(1), Timeouts.Token));
        }

        await using var held = await locks.TryAcquireAsync(Agent(1), Timeouts.Token);
        Assert.NotNull(held);
    }

    [Fact]
    public async Task Acquire_GivenUpWhileNoPlaceIsFree_IsForgotten()
    {
        var locks = new AgentLocks(_source);
        using var patience = new CancellationTokenSource();
        await using (await locks.AcquireAsync(Agent(1), Timeouts.Token))
        {
            var waiting = locks.AcquireAsync(Agent(2), patience.Token);
            await patience.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        }

        await using var first = await locks.AcquireAsync(Agent(2), Timeouts.Token);
    }

    private static Guid Agent(int number) => new(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (byte)number);
}
