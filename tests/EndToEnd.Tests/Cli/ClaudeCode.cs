using System.Runtime.InteropServices;
using System.Text.Json;
using Trinity.EndToEnd.Tests.Processes;

namespace Trinity.EndToEnd.Tests.Cli;

/// <summary>The real Claude Code, pointed at the bridge as its users do it: ANTHROPIC_BASE_URL and ANTHROPIC_AUTH_TOKEN.</summary>
internal sealed class ClaudeCode
{
    public const string Model = "claude-sonnet-4-5";

    private static readonly TimeSpan TurnLimit = TimeSpan.FromSeconds(90);

    private readonly CliBench _bench;
    private readonly string _program;

    private ClaudeCode(CliBench bench, string program)
    {
        _bench = bench;
        _program = program;
    }

    /// <summary>How often it tries again when the provider has a bad moment.</summary>
    public int MaxRetries { get; init; } = 2;

    public static async Task<ClaudeCode> InstalledAsync(CliBench bench, int maxRetries = 2)
    {
        var platform = RuntimeInformation.RuntimeIdentifier; // linux-x64, linux-musl-arm64, …
        var package = platform.Contains("musl", StringComparison.Ordinal) ? platform.Replace("-musl", "", StringComparison.Ordinal) + "-musl" : platform;
        var program = Path.Combine(await CliInstallation.FolderAsync(), "@anthropic-ai", $"claude-code-{package}", "claude");
        return new ClaudeCode(bench, program) { MaxRetries = maxRetries };
    }

    /// <summary>One turn without a user at the terminal.</summary>
    public async Task<ClaudeTurn> TurnAsync(string prompt, params string[] options)
    {
        await using var turn = StartTurn(prompt, options);
        return await turn.EndAsync();
    }

    /// <summary>The same, while the test does something.</summary>
    public RunningTurn StartTurn(string prompt, params string[] options) => new(Start(prompt, options));

    private ChildProcess Start(string prompt, string[] options) => ChildProcess.Start(new ChildProgram(_program, ["-p", prompt, "--model", Model, "--output-format", "json", .. options])
    {
        WorkingDirectory = _bench.Work,
        Environment = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["HOME"] = _bench.Home,
            ["ANTHROPIC_BASE_URL"] = _bench.Url,
            ["ANTHROPIC_AUTH_TOKEN"] = _bench.VirtualKey,
            ["CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC"] = "1",
            ["CLAUDE_CODE_MAX_RETRIES"] = $"{MaxRetries}",
            ["DISABLE_TELEMETRY"] = "1",
            ["DISABLE_ERROR_REPORTING"] = "1",
            ["DISABLE_AUTOUPDATER"] = "1",
        },
    });

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
