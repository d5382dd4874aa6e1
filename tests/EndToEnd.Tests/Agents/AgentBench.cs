using System.Text.Json;
using Trinity.Shared.AgentApi;

namespace Trinity.EndToEnd.Tests.Agents;

/// <summary>One test's share of the services: a provider with its fake upstream, a subscription, and agents that end with it.</summary>
internal sealed class AgentBench : IAsyncDisposable
{
    private readonly AgentServices _services;
    private readonly List<BenchAgent> _agents = [];
    private readonly HashSet<string> _subscriptions = new(StringComparer.Ordinal);

    private AgentBench(AgentServices services, FakeProvider upstream)
    {
        _services = services;
        Upstream = upstream;
    }

    /// <summary>Strict: a request that the test did not script fails the test.</summary>
    public FakeProvider Upstream { get; }

    /// <summary>Of this test alone, and the first part of its agents' names.</summary>
    public string Name { get; } = $"t{Guid.CreateVersion7().ToString("n")[^10..]}";

    /// <summary>The name of a subscription of the test's own.</summary>
    public string Subscription => Name;

    /// <summary>The subscription's first token.</summary>
    public string Token { get; } = Canaries.New("anthropic-oauth");

    public ControlPlaneClient ControlPlane => _services.ControlPlane;

    public DockerApi Engine => _services.Engine;

    /// <summary>Without an engine, the test is skipped.</summary>
    public static async Task<AgentBench> StartAsync(AgentServices services)
    {
        services.RequireEngine();
        var bench = new AgentBench(services, await FakeProvider.StartAsync());
        await bench.ControlPlane.AddProviderAsync(bench.Name, "anthropic", bench.Upstream.BaseUrl, Canaries.New("anthropic-key"));
        await bench.PutTokenAsync(bench.Token);
        return bench;
    }

    /// <summary>An agent with Claude Code.</summary>
    public Task<BenchAgent> AddClaudeAsync(string part = "claude") => AddAsync(part, AgentImage.Current, new { runtime = "claude-code", environment = BenchAgent.QuietClaude });

    /// <summary>An agent whose tasks are shell scripts: their prompt is the script.</summary>
    public Task<BenchAgent> AddShellAsync(string part = "shell", string image = AgentImage.Current) => AddAsync(part, image, new { runtime = "command", command = (string[])["/bin/sh"] });

    /// <summary>Makes the subscription, or rolls its token over; the reply has the rollout.</summary>
    public Task<JsonElement> PutTokenAsync(string token, string? subscription = null)
    {
        _subscriptions.Add(subscription ?? Subscription);
        return ControlPlane.PostAsync("/api/v1/subscriptions", new { name = subscription ?? Subscription, token, type = "max" });
    }

    /// <summary>Rolls the token over to a new one, and returns once every agent works with it.</summary>
    public async Task<(string Token, JsonElement Rollout)> RollOverAsync()
    {
        var token = Canaries.New("anthropic-oauth");
        var reply = await ControlPlane.PostAsync("/api/v1/subscriptions?wait=applied", new { name = Subscription, token });
        return (token, reply.GetProperty("rollout"));
    }

    public Task<JsonElement> RolloutAsync(JsonElement rollout) => ControlPlane.RolloutAsync(rollout.GetProperty("id").GetString()!);

    /// <summary>The rollout, once the old token is out of use everywhere.</summary>
    public async Task<JsonElement> WhenSafeToRevokeAsync(JsonElement rollout)
    {
        await Eventually.TrueAsync(async () => (rollout = await RolloutAsync(rollout)).GetProperty("safe_to_revoke").GetBoolean(), "the old token is safe to revoke");
        return rollout;
    }

    public static string FingerprintOf(string token) => CredentialFingerprint.Of(token);

    public async ValueTask DisposeAsync()
    {
        foreach (var agent in _agents)
        {
            await agent.RemoveAsync();
        }

        foreach (var subscription in _subscriptions)
        {
            await ControlPlane.SendAsync(HttpMethod.Delete, $"/api/v1/subscriptions/{subscription}"); // no other test's agent is to be switched to it
        }

        await Upstream.DisposeAsync();
    }

    private async Task<BenchAgent> AddAsync(string part, string image, object more)
    {
        var agent = new BenchAgent(_services, $"{Name}-{part}");
        _agents.Add(agent);
        var body = JsonSerializer.SerializeToNode(more)!.AsObject();
        body["name"] = agent.Name;
        body["image"] = image;
        body["provider"] = Name;
        body["subscription"] = Subscription;
        agent.Created = await ControlPlane.PostAsync("/api/v1/agents", body);
        return agent;
    }
}
