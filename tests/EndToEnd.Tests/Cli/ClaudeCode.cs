using System.Text.Json;

namespace Trinity.EndToEnd.Tests.Cli;

/// <summary>The real Claude Code, pointed at the bridge as its users do it: ANTHROPIC_BASE_URL and ANTHROPIC_AUTH_TOKEN.</summary>
internal sealed class ClaudeCode
{
    public const string Model = "claude-sonnet-4-5";

    private static readonly TimeSpan TurnLimit = TimeSpan.FromSeconds(90);
    private static readonly string[] Quiet = ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC", "DISABLE_TELEMETRY", "DISABLE_ERROR_REPORTING", "DISABLE_AUTOUPDATER"];

    private readonly CliBench _bench;
    private readonly string _program;
    private readonly int _maxRetries;
    private readonly string[] _switches;

    /// <param name="bench">The test's share of the services.</param>
    /// <param name="maxRetries">How often it tries again when the provider has a bad moment.</param>
    /// <param name="more">More environment variables to set to 1.</param>
    public ClaudeCode(CliBench bench, int maxRetries = 2, params string[] more)
    {
        _bench = bench;
        _program = Directory.EnumerateFiles(Path.Combine(bench.Clients, "@anthropic-ai"), "claude", SearchOption.AllDirectories).Single(); // of the one package for this platform
        _maxRetries = maxRetries;
        _switches = [.. Quiet, .. more];
    }

    /// <summary>One turn without a user at the terminal.</summary>
    public async Task<ClaudeTurn> TurnAsync(string prompt, params string[] options)
    {
        await using var turn = StartTurn(prompt, options);
        return await turn.EndAsync();
    }

    /// <summary>The same, while the test does something.</summary>
    public RunningTurn StartTurn(string prompt, params string[] options) => new(Start(prompt, options));

    private ChildProcess Start(string prompt, string[] options)
    {
        var environment = _bench.NewEnvironment();
        environment["ANTHROPIC_BASE_URL"] = _bench.Url;
        environment["ANTHROPIC_AUTH_TOKEN"] = _bench.VirtualKey;
        environment["CLAUDE_CODE_MAX_RETRIES"] = $"{_maxRetries}";
        foreach (var name in _switches)
        {
            environment[name] = "1";
        }

        return ChildProcess.Start(new ChildProgram(_program, ["-p", prompt, "--model", Model, "--output-format", "json", .. options]) { WorkingDirectory = _bench.Work, Environment = environment });
    }

    /// <summary>A turn under way.</summary>
    internal sealed class RunningTurn(ChildProcess process) : IAsyncDisposable
    {
        public async Task<ClaudeTurn> EndAsync() => ClaudeTurn.Read(await process.EndAsync(TurnLimit));

        public ValueTask DisposeAsync() => process.DisposeAsync();
    }
}

/// <summary>What a turn came to, as <c>--output-format json</c> tells it.</summary>
internal sealed record ClaudeTurn(JsonElement Json)
{
    public string Result => Json.GetProperty("result").GetString()!;

    public string SessionId => Json.GetProperty("session_id").GetString()!;

    public bool IsError => Json.GetProperty("is_error").GetBoolean();

    public int Turns => Json.GetProperty("num_turns").GetInt32();

    public JsonElement Usage => Json.GetProperty("usage");

    public static ClaudeTurn Read(ChildResult result)
    {
        Assert.True(result.Output.StartsWith('{'), $"Exit code {result.ExitCode}.\n{result.Output}\n{result.Errors}");
        return new ClaudeTurn(JsonElement.Parse(result.Output));
    }
}
