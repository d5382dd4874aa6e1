using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>One bench for a table of scripted replies.</summary>
public sealed class WireBench : IAsyncLifetime
{
    internal TestBench Bench { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Bench = await TestBench.StartAsync(["anthropic", "openai"]);

    public ValueTask DisposeAsync() => Bench.DisposeAsync();
}
