namespace Trinity.Contract.Tests.Support;

/// <summary>What all tests share: one WireMock, one database and one bridge, started by the first test.</summary>
public sealed class ContractFixture : IAsyncDisposable
{
    private readonly Lazy<Task<ContractBench>> _bench = new(ContractBench.StartAsync);

    internal Task<ContractBench> BenchAsync() => _bench.Value;

    public async ValueTask DisposeAsync()
    {
        if (_bench is { IsValueCreated: true, Value.IsCompletedSuccessfully: true })
        {
            await (await _bench.Value).DisposeAsync();
        }

        await new PostgresFixture().DisposeAsync(); // after the bridge, which uses it
    }
}
