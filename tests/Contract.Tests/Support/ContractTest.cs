namespace Trinity.Contract.Tests.Support;

/// <summary>A test that has the bench to itself: it starts without stubs and calls, and has to say which calls there were.</summary>
public abstract class ContractTest(ContractFixture fixture) : IAsyncLifetime
{
    private protected ContractBench Bench { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Bench = await fixture.BenchAsync();
        await Bench.ResetAsync();
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Bench is not null && TestContext.Current.TestState is { Result: TestResult.Passed })
        {
            Assert.True(Bench.CallsAreAsserted, "The test did not say which calls it expected.");
        }

        return ValueTask.CompletedTask;
    }
}
