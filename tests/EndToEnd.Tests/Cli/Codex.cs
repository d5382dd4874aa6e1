using System.Text.Json;

namespace Trinity.EndToEnd.Tests.Cli;

/// <summary>The real Codex, pointed at the bridge as its users do it: an address in config.toml, and the virtual key in an environment variable.</summary>
internal sealed class Codex
{
    public const string Model = "gpt-5-codex";

    private const string KeyVariable = "CODEX_API_KEY";
    private static readonly TimeSpan TurnLimit = TimeSpan.FromSeconds(90);

    private readonly CliBench _bench;
    private readonly string _script;

    private Codex(CliBench bench, string config)
    {
        _bench = bench;
        _script = Path.Combine(bench.Clients, "@openai", "codex", "bin", "codex.js");
        var folder = Directory.CreateDirectory(Path.Combine(bench.Home, ".codex")).FullName;
        File.WriteAllText(Path.Combine(folder, "config.toml"), config + "\n\n[analytics]\nenabled = false\n");
    }

    /// <summary>With a model provider of its own in config.toml, which uses HTTP.</summary>
    public static Codex OverHttp(CliBench bench, int retries = 2) => new(bench, $"""
        model = "{Model}"
        model_provider = "trinity"

        [model_providers.trinity]
        name = "Trinity"
        base_url = "{bench.Url}/v1"
        wire_api = "responses"
        env_key = "{KeyVariable}"
        request_max_retries = {retries}
        stream_max_retries = {retries}
        """);

    /// <summary>With nothing but another address for its built-in provider, which then tries a WebSocket first.</summary>
    public static Codex WithWebSockets(CliBench bench) => new(bench, $"""
        model = "{Model}"
        openai_base_url = "{bench.Url}/v1"
        """);

    /// <summary>One turn without a user at the terminal.</summary>
    public Task<CodexTurn> TurnAsync(string prompt) => EndAsync(StartTurn(prompt));

    /// <summary>Another turn of an earlier session.</summary>
    public Task<CodexTurn> ResumeAsync(string thread, string prompt) => EndAsync(new RunningTurn(Start("exec", "resume", thread, prompt)));

    /// <summary>One turn, while the test does something.</summary>
    public RunningTurn StartTurn(string prompt) => new(Start("exec", prompt));

    private static async Task<CodexTurn> EndAsync(RunningTurn turn)
    {
        await using (turn)
        {
            return await turn.EndAsync();
        }
    }

    private ChildProcess Start(params string[] words)
    {
        var environment = _bench.NewEnvironment();
        environment[KeyVariable] = _bench.VirtualKey;

        // The commands that run are those that the test scripts, so no sandbox is needed, which not every test machine offers.
        string[] arguments = [_script, .. words, "--json", "--skip-git-repo-check", "-c", "sandbox_mode=\"danger-full-access\""];
        return ChildProcess.Start(new ChildProgram("node", arguments) { WorkingDirectory = _bench.Work, Environment = environment });
    }

    /// <summary>A turn under way.</summary>
    internal sealed class RunningTurn(ChildProcess process) : IAsyncDisposable
    {
        public async Task<CodexTurn> EndAsync() => CodexTurn.Read(await process.EndAsync(TurnLimit));

        public ValueTask DisposeAsync() => process.DisposeAsync();
    }
}

/// <summary>What a turn came to, as the events of <c>--json</c> tell it.</summary>
internal sealed record CodexTurn(IReadOnlyList<JsonElement> Events)
{
    public string Thread => Of("thread.started").Single().GetProperty("thread_id").GetString()!;

    /// <summary>The agent's last message.</summary>
    public string Message => Items("agent_message").Last().GetProperty("text").GetString()!;

    public bool Completed => Of("turn.completed").Any();

    public JsonElement Usage => Of("turn.completed").Single().GetProperty("usage");

    /// <summary>Why the turn failed.</summary>
    public string Failure => Of("turn.failed").Single().GetProperty("error").GetProperty("message").GetString()!;

    public IEnumerable<JsonElement> Items(string type) =>
        Of("item.completed").Select(happened => happened.GetProperty("item")).Where(item => item.GetProperty("type").GetString() == type);

    public static CodexTurn Read(ChildResult result)
    {
        var events = result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Where(line => line.StartsWith('{')).Select(line => JsonElement.Parse(line)).ToList();
        Assert.True(events.Count > 0, $"Exit code {result.ExitCode}.\n{result.Output}\n{result.Errors}");
        return new CodexTurn(events);
    }

    public override string ToString() => string.Join('\n', Events);

    private IEnumerable<JsonElement> Of(string type) => Events.Where(happened => happened.GetProperty("type").GetString() == type);
}
