using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

/// <summary>A bench whose upstream must not be called at all, and virtual keys of every kind.</summary>
public sealed class RefusalBench : IAsyncLifetime
{
    private readonly Dictionary<string, string> _tokens = new(StringComparer.Ordinal);

    internal TestBench Bench { get; private set; } = null!;

    /// <summary>By the names that the tables use.</summary>
    internal string Token(string kind) => _tokens[kind];

    public async ValueTask InitializeAsync()
    {
        Bench = await TestBench.StartAsync(["anthropic", "openai"], startBridge: false);
        _tokens["open"] = Bench.Token;
        _tokens["unknown"] = Shared.Configuration.VirtualKeyToken.Create();
        _tokens["provider's"] = TestBench.KeyOf("anthropic");
        _tokens["expired"] = await Bench.Config.AddVirtualKeyAsync("expired", expiresAt: DateTimeOffset.UnixEpoch);
        _tokens["revoked"] = await Bench.Config.AddVirtualKeyAsync("revoked");
        await Bench.Config.RevokeVirtualKeyAsync("revoked");
        _tokens["other providers"] = await Bench.Config.AddVirtualKeyAsync("other providers", providers: ["nothing-here"]);
        _tokens["some models"] = await Bench.Config.AddVirtualKeyAsync("some models", models: ["good", "fine-*"]);
        await Bench.StartBridgeAsync();
    }

    public ValueTask DisposeAsync() => Bench.DisposeAsync();
}
