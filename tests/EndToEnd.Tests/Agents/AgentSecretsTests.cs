using System.Net;
using System.Text.Json;
using Trinity.EndToEnd.Tests.Services;

namespace Trinity.EndToEnd.Tests.Agents;

/// <summary>Planted tokens and keys, all that may be done with an agent, and then a search in its container and in all that the services say and store.</summary>
[Collection(AgentGroup.Name)]
public sealed class AgentSecretsTests(AgentServices services)
{
    private const string CredentialFile = "/var/lib/trinity/credential";

    [Fact]
    public async Task NoSecret_IsInContainersRepliesLogsOrRows()
    {
        await using var bench = await AgentBench.StartAsync(services);
        Canaries.Plant("operator-token", services.OperatorToken);
        var said = new List<(string Where, string Text)>();
        var agent = await bench.AddShellAsync();
        said.Add(("POST agent", agent.Created.ToString()));
        await PlantAsync(agent);
        said.Add(("a task that prints its secrets", (await agent.RunAsync("env; echo \"$CLAUDE_CODE_OAUTH_TOKEN\" >&2; env >&2")).Json.ToString()));
        var next = Canaries.New("anthropic-oauth");
        said.Add(("POST subscription", (await bench.PutTokenAsync(next)).ToString()));
        await Eventually.TrueAsync(async () => (await agent.ViewAsync()).GetProperty("auth").GetProperty("acknowledged_generation").GetInt32() == 2, "the token is rolled over");
        said.Add(("POST rotate-key", (await agent.DoAsync("rotate-key")).ToString()));
        await PlantAsync(agent);
        said.Add(("POST stop", (await agent.DoAsync("stop")).ToString()));
        said.Add(("POST start", (await agent.DoAsync("start")).ToString()));
        said.Add(("a failing task", (await agent.RunAsync("env; exit 77")).Json.ToString()));
        said.Add(("POST recreate", (await agent.DoAsync("recreate")).ToString()));
        await agent.RunAsync("env");

        said.AddRange(await ContainerAsync(agent));
        said.AddRange(await RepliesAsync(bench, agent));
        said.Add(("the services' logs", services.Logs));
        said.AddRange(await StoredText.TablesAsync(services.Database));

        Assert.Contains(said, text => text.Where == "the container's log" && text.Text.Contains("Task ", StringComparison.Ordinal)); // nothing is found where nothing is said
        Assert.Contains(said, text => text.Where == "table audit_events" && text.Text.Contains(agent.Name, StringComparison.Ordinal));
        Assert.Contains(said, text => text.Where == "a task that prints its secrets" && text.Text.Contains("CLAUDE_CODE_OAUTH_TOKEN=***", StringComparison.Ordinal));
        Assert.Multiple([.. said.Select(text => (Action)(() => Canaries.AssertAbsentFrom(text.Text, text.Where)))]);
    }

    // Its virtual key, which no reply shows, is where the agent keeps it.
    private static async Task PlantAsync(BenchAgent agent)
    {
        var file = await agent.ExecAsync($"tail -n 1 {CredentialFile}");
        Canaries.Plant("virtual-key", JsonElement.Parse(file[file.IndexOf('{', StringComparison.Ordinal)..]).GetProperty("virtual_key").GetString()!);
    }

    /// <summary>What the engine's owner sees. The agent server's own token is in the environment, as nothing else can be before it is reached; it is nowhere else.</summary>
    private static async Task<IReadOnlyList<(string Where, string Text)>> ContainerAsync(BenchAgent agent)
    {
        var container = await agent.InspectAsync();
        var environment = container.GetProperty("Config").GetProperty("Env").EnumerateArray().Select(variable => variable.GetString()!).ToList();
        var own = environment.Single(variable => variable.StartsWith("TRINITY_AGENTSERVER__TOKEN=", StringComparison.Ordinal));
        var token = own[(own.IndexOf('=', StringComparison.Ordinal) + 1)..];
        Canaries.Plant("agent-token", token);
        return
        [
            ("the container's environment", string.Join('\n', environment.Where(variable => variable != own))),
            ("docker inspect", container.ToString().Replace(token, "", StringComparison.Ordinal)),
            ("the container's labels", container.GetProperty("Config").GetProperty("Labels").ToString()),
            ("the container's log", await agent.LogsAsync()),
        ];
    }

    private static async Task<IReadOnlyList<(string Where, string Text)>> RepliesAsync(AgentBench bench, BenchAgent agent)
    {
        var path = $"/api/v1/agents/{agent.Name}";
        var said = new List<(string Where, string Text)>();
        foreach (var view in (string[])
            ["/api/v1/agents", path, $"{path}/auth", $"{path}/tasks", $"{path}/logs", "/api/v1/subscriptions", $"/api/v1/subscriptions/{bench.Subscription}", "/api/v1/rollouts", "/api/v1/virtual-keys", "/api/v1/audit?limit=200", "/api/v1/providers", "/metrics"])
        {
            var (status, text, _) = await bench.ControlPlane.SendAsync(HttpMethod.Get, view);
            Assert.True(status == HttpStatusCode.OK, $"GET {view} was answered {text}");
            said.Add(($"GET {view}", text));
        }

        return said;
    }
}
