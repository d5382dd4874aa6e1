using System.Globalization;
using System.Text.Json;
using Trinity.TestSupport.Docker;
using Trinity.TestSupport.Services;

namespace Trinity.Bench.Demo.Agents;

/// <summary>The demo's agents: made, given turns and looked at as operators do it, and checked in the engine itself.</summary>
internal sealed class AgentFleet(AgentDemoOptions options, ControlPlaneClient controlPlane, DockerApi engine) : IDisposable
{
    private const string Name = "demo";
    private const string Nowhere = "http://127.0.0.1:9"; // discard: nobody listens

    // Claude Code has nothing to look for beyond the bridge.
    private static readonly Dictionary<string, string> Environment = new(StringComparer.Ordinal)
    {
        ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
        ["CLAUDE_CODE_MAX_RETRIES"] = "0",
        ["DISABLE_TELEMETRY"] = "1",
        ["DISABLE_ERROR_REPORTING"] = "1",
        ["HTTP_PROXY"] = Nowhere,
        ["HTTPS_PROXY"] = Nowhere,
        ["NO_PROXY"] = "host.docker.internal",
    };

    private readonly Dictionary<string, ContainerRun> _runs = new(StringComparer.Ordinal);

    public IReadOnlyList<string> Agents { get; } = [.. Enumerable.Range(1, options.Agents).Select(number => string.Create(CultureInfo.InvariantCulture, $"{options.Prefix}-{number}"))];

    /// <summary>Provider, subscription, and agents that have its first token.</summary>
    public async Task MakeAsync(string baseUrl, DemoToken first)
    {
        await controlPlane.AddProviderAsync(Name, "anthropic", baseUrl, "sk-ant-api03-unused");
        await controlPlane.PostAsync("/api/v1/subscriptions", new { name = Name, token = first.Secret });
        await Task.WhenAll(Agents.Select(MakeAsync));
        foreach (var agent in Agents)
        {
            _runs[agent] = await RunOfAsync(agent);
        }
    }

    /// <summary>Rolls the subscription's token over, and returns once every agent has it.</summary>
    public async Task<JsonElement> RollOverAsync(DemoToken token) =>
        (await controlPlane.PostAsync("/api/v1/subscriptions?wait=applied", new { name = Name, token = token.Secret })).GetProperty("rollout");

    public Task<JsonElement> RolloutAsync(JsonElement rollout) => controlPlane.RolloutAsync(rollout.GetProperty("id").GetString()!);

    /// <summary>A turn from its beginning to its end.</summary>
    public async Task<JsonElement> RunAsync(Turn turn) =>
        (await controlPlane.PostAsync($"/api/v1/agents/{turn.Agent}/tasks", new { prompt = turn.Prompt, model = "claude-sonnet-4-5" })).GetProperty("task");

    public async Task<IReadOnlyList<SeenAgent>> LookAsync()
    {
        var items = (await controlPlane.GetAsync("/api/v1/agents")).GetProperty("items").EnumerateArray();
        return [.. items.Select(agent => SeenOf(agent, _runs.GetValueOrDefault(agent.GetProperty("name").GetString()!)))];
    }

    /// <summary>The agents whose container is another, or was restarted, by the engine's own account.</summary>
    public async Task<IReadOnlyList<string>> DisturbedAsync()
    {
        var disturbed = new List<string>();
        foreach (var agent in Agents)
        {
            if (await RunOfAsync(agent) != _runs[agent])
            {
                disturbed.Add(agent);
            }
        }

        return disturbed;
    }

    public void Dispose() => engine.Dispose();

    private Task<JsonElement> MakeAsync(string agent) =>
        controlPlane.PostAsync("/api/v1/agents", new { name = agent, image = options.Image, runtime = "claude-code", provider = Name, subscription = Name, environment = Environment });

    private async Task<ContainerRun> RunOfAsync(string agent)
    {
        var container = await engine.SendAsync(HttpMethod.Get, $"/containers/trinity-agent-{agent}/json");
        var state = container.GetProperty("State");
        return new(container.GetProperty("Id").GetString()!, state.GetProperty("StartedAt").GetString()!, state.GetProperty("Pid").GetInt64());
    }

    private static SeenAgent SeenOf(JsonElement agent, ContainerRun? first)
    {
        var container = agent.GetProperty("container").GetString() ?? "";
        var running = agent.GetProperty("running_tasks").EnumerateArray().Select(tasks => $"{tasks.GetProperty("count").GetInt32()} on generation {tasks.GetProperty("generation").GetInt64()}");
        return new(
            agent.GetProperty("name").GetString()!,
            container[..Math.Min(12, container.Length)],
            first is null || container == first.Id,
            agent.GetProperty("auth").GetProperty("acknowledged_generation").GetInt64(),
            string.Join(", ", running));
    }

    /// <summary>What is the same as long as a container is not restarted.</summary>
    private sealed record ContainerRun(string Id, string StartedAt, long Pid);
}
