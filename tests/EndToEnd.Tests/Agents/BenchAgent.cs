using System.Net;
using System.Text.Json;

namespace Trinity.EndToEnd.Tests.Agents;

/// <summary>One agent, through the API as an operator has it, and its container, as the engine sees it.</summary>
internal sealed class BenchAgent(AgentServices services, string name)
{
    /// <summary>Prints which token a task has.</summary>
    public const string PrintFingerprint = """printf %s "$CLAUDE_CODE_OAUTH_TOKEN" | sha256sum | cut -c 1-16""";

    private const string Nowhere = "http://127.0.0.1:9"; // discard: nobody listens

    /// <summary>Keeps Claude Code to the one call that it is asked for, and away from the internet.</summary>
    public static readonly Dictionary<string, string> QuietClaude = new(StringComparer.Ordinal)
    {
        ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
        ["CLAUDE_CODE_MAX_RETRIES"] = "0",
        ["DISABLE_TELEMETRY"] = "1",
        ["DISABLE_ERROR_REPORTING"] = "1",
        ["HTTP_PROXY"] = Nowhere,
        ["HTTPS_PROXY"] = Nowhere,
        ["ALL_PROXY"] = Nowhere,
        ["NO_PROXY"] = "host.docker.internal",
    };

    public string Name => name;

    public string Container => $"trinity-agent-{name}";

    /// <summary>The reply that made it.</summary>
    public JsonElement Created { get; set; }

    private ControlPlaneClient ControlPlane => services.ControlPlane;

    private string Path => $"/api/v1/agents/{name}";

    /// <summary>What is the same as long as nothing was restarted.</summary>
    public async Task<ContainerIdentity> IdentityAsync()
    {
        var container = await InspectAsync();
        var state = container.GetProperty("State");
        return new(container.GetProperty("Id").GetString()!, state.GetProperty("StartedAt").GetString()!, state.GetProperty("Pid").GetInt64(), await ServerProcessAsync());
    }

    public Task<JsonElement> InspectAsync() => services.Engine.SendAsync(HttpMethod.Get, $"/containers/{Container}/json");

    public Task<JsonElement> ViewAsync() => ControlPlane.GetAsync(Path);

    /// <summary>Any call about it, such as <c>POST start</c>.</summary>
    public Task<JsonElement> DoAsync(string action, object? body = null) => ControlPlane.PostAsync($"{Path}/{action}", body ?? new { });

    public async Task<JsonElement> AssignAsync(string subscription)
    {
        var (status, text, body) = await ControlPlane.SendAsync(HttpMethod.Put, $"{Path}/subscription", new { subscription });
        return status == HttpStatusCode.OK ? JsonElement.Parse(body) : throw new InvalidOperationException(text);
    }

    /// <summary>A task from its beginning to its end.</summary>
    public async Task<BenchTask> RunAsync(string prompt, string? taskId = null)
    {
        var reply = await ControlPlane.PostAsync($"{Path}/tasks", new { prompt, task_id = taskId, model = "claude-sonnet-4-5" });
        return new BenchTask(reply.GetProperty("task")) { FirstTaskId = reply.GetProperty("first_task_id").GetString() };
    }

    /// <summary>A task that has ended.</summary>
    public async Task<BenchTask> TaskAsync(string id) => new(await ControlPlane.GetAsync($"{Path}/tasks/{id}"));

    /// <summary>A task under way: returns once the agent has begun it.</summary>
    public async Task<Task<BenchTask>> BeginAsync(string prompt)
    {
        var id = Guid.CreateVersion7().ToString("n");
        var running = RunAsync(prompt, id);
        await Eventually.TrueAsync(async () => running.IsFaulted || await HasTaskAsync(id), $"{name} has begun task {id}");
        return running;
    }

    /// <summary>A task that waits for <see cref="OpenAsync"/> and then does the rest of its script.</summary>
    public Task<Task<BenchTask>> BeginWaitingAsync(string gate, string script) => BeginAsync($"{WaitAt(gate)}; {script}");

    /// <summary>The part of a script that waits for <see cref="OpenAsync"/>. A gate is for one task.</summary>
    public static string WaitAt(string gate) => $"mkfifo ~/{gate} 2>/dev/null; read -r _ < ~/{gate}";

    public Task OpenAsync(string gate) => ExecAsync($"mkfifo ~/{gate} 2>/dev/null; echo > ~/{gate}");

    /// <summary>A refused task's status and reply.</summary>
    public async Task<(HttpStatusCode Status, string Text)> TryRunAsync(string prompt)
    {
        var (status, text, _) = await ControlPlane.SendAsync(HttpMethod.Post, $"{Path}/tasks", new { prompt });
        return (status, text);
    }

    /// <summary>Which of a test's tokens a new task has.</summary>
    public async Task<string> FingerprintInUseAsync() => (await RunAsync(PrintFingerprint)).Response;

    /// <summary>Runs a shell line in the container, beside the agent server, and returns what it wrote, with its frames' heads.</summary>
    public async Task<string> ExecAsync(string line)
    {
        var made = await services.Engine.SendAsync(HttpMethod.Post, $"/containers/{Container}/exec", DockerApi.Json(JsonSerializer.Serialize(new { Cmd = (string[])["/bin/sh", "-c", line], AttachStdout = true })));
        return await services.Engine.TextAsync(HttpMethod.Post, $"/exec/{made.GetProperty("Id").GetString()}/start", DockerApi.Json("{}"));
    }

    /// <summary>What its agent server has said.</summary>
    public Task<string> LogsAsync() => services.Engine.TextAsync(HttpMethod.Get, $"/containers/{Container}/logs?stdout=1&stderr=1");

    /// <summary>Gone with container and volume, whatever the test has left running.</summary>
    public async Task RemoveAsync()
    {
        await services.Engine.DeleteAsync($"/containers/{Container}?force=1&v=1");
        var (status, text, _) = await ControlPlane.SendAsync(HttpMethod.Delete, Path);
        Assert.True(status is HttpStatusCode.OK or HttpStatusCode.NoContent or HttpStatusCode.NotFound, text);
    }

    private async Task<bool> HasTaskAsync(string id) =>
        (await ControlPlane.GetAsync($"{Path}/tasks")).GetProperty("items").EnumerateArray().Any(task => task.GetProperty("task_id").GetString() == id);

    // By the host's count, which no container shares.
    private async Task<string> ServerProcessAsync()
    {
        var top = await services.Engine.SendAsync(HttpMethod.Get, $"/containers/{Container}/top?ps_args=-eo%20pid,lstart,args");
        var server = top.GetProperty("Processes").EnumerateArray().Select(process => process.EnumerateArray().Select(column => column.GetString()!).ToList()).Single(process => process[^1].Contains("Trinity.AgentServer.dll", StringComparison.Ordinal));
        return server[0];
    }
}

/// <summary>A container's run: another id, start or process says that it was restarted.</summary>
/// <param name="Id">The container's.</param>
/// <param name="StartedAt">By the engine's clock.</param>
/// <param name="Init">The process id of its process 1.</param>
/// <param name="Server">The process id of its agent server.</param>
internal sealed record ContainerIdentity(string Id, string StartedAt, long Init, string Server);

/// <summary>A task as the API shows it.</summary>
internal sealed record BenchTask(JsonElement Json)
{
    /// <summary>The one before, when it failed of its token and was sent once more on another.</summary>
    public string? FirstTaskId { get; init; }

    public string Outcome => Json.GetProperty("outcome").GetString()!;

    public string Response => Json.GetProperty("response").GetString()?.Trim() ?? "";

    public long Generation => Json.GetProperty("generation").GetInt64();

    public string? Fingerprint => Json.GetProperty("fingerprint").GetString();
}
