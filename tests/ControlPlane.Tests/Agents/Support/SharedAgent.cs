namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>One agent, named <c>same</c>, for all cases of a class that change nothing.</summary>
public sealed class SharedAgent : IAsyncLifetime
{
    internal AgentsBench Bench { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Bench = await AgentsBench.StartAsync();
        await Bench.CreateAsync("same");
    }

    public ValueTask DisposeAsync() => Bench.DisposeAsync();
}
