using Xunit;

namespace Trinity.TestSupport.Postgres;

/// <summary>Ends the shared server with the test assembly: <c>[assembly: AssemblyFixture(typeof(PostgresFixture))]</c>.</summary>
/// <remarks>The server starts on first use; without the fixture it ends with the process.</remarks>
public sealed class PostgresFixture : IAsyncLifetime
{
    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync() => await PostgresServer.StopSharedAsync();
}
