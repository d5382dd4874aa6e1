using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

/// <summary>A bench for tables: providers of every type and state in front of an upstream that tells what arrived.</summary>
public sealed class EchoBench : IAsyncLifetime
{
    public const string ExtraHeaderValue = "from the operator";

    internal TestBench Bench { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Bench = await TestBench.StartAsync(["anthropic", "openai"], startBridge: false);
        var upstream = Bench.Upstream.BaseUrl;
        Bench.Upstream.Respond(FakeReply.Echo);
        var config = Bench.Config;
        await config.AddProviderAsync("anthropic-path", "anthropic", upstream + "/api", ["sk-anthropic-path-0123456789"]);
        await config.AddProviderAsync("anthropic-v1", "anthropic", upstream + "/v1/", ["sk-anthropic-v1-0123456789"]);
        await config.AddProviderAsync("openai-path", "openai", upstream + "/api/v1/", ["sk-openai-path-0123456789"]);
        await config.AddProviderAsync("compatible", "openai-compatible", upstream + "/openai", ["sk-compatible-0123456789"]);
        await config.AddProviderAsync("router", "openrouter", upstream + "/api/v1", ["sk-router-0123456789"]);
        await config.AddProviderAsync("keyless-anthropic", "anthropic", upstream);
        await config.AddProviderAsync("keyless-openai", "openai", upstream + "/v1");
        await config.AddProviderAsync("keyless-local", "openai-compatible", upstream + "/v1");
        await config.AddProviderAsync("off-anthropic", "anthropic", upstream, ["sk-off-anthropic-0123456789"], enabled: false);
        await config.AddProviderAsync("off-openai", "openai", upstream + "/v1", ["sk-off-openai-0123456789"], enabled: false);
        await config.AddProviderAsync("broken", "no-such-type", upstream, ["sk-broken-0123456789"]);
        await config.AddProviderAsync("extra", "openai", upstream + "/v1", ["sk-extra-0123456789"], new ProviderSettings
        {
            ExtraHeaders = new Dictionary<string, string>(StringComparer.Ordinal) { ["OpenAI-Organization"] = ExtraHeaderValue, ["X-Title"] = "Trinity", ["Content-Language"] = "en" },
        });
        await Bench.StartBridgeAsync();
    }

    public ValueTask DisposeAsync() => Bench.DisposeAsync();
}
