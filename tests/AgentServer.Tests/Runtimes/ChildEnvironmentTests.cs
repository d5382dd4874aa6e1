using Trinity.AgentServer.Tests.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tests.Runtimes;

/// <summary>E-1: a task's environment is built, never inherited.</summary>
public sealed class ChildEnvironmentTests
{
    private const string Mark = "TRINITY_TASK_MARK"; // differs from task to task

    private static readonly string[] OfTheShell = ["PWD", "OLDPWD", "SHLVL", "_"];

    [Fact]
    public async Task Task_Environment_IsTheSmallBaseTheExtrasAndTheCredential()
    {
        var agentToken = Canaries.New("agent");
        await using var bench = new AgentBench();
        var server = await bench.StartAsync("env -0 > \"$BENCH/env\"", agentToken, settings: "Environment:EXTRA=yes");
        server.Client.DefaultRequestHeaders.Authorization = new("Bearer", agentToken);
        await server.ReloadAsync(AgentBench.Reload(1, "a-token-0123") with { BaseUrl = "http://bridge:8787/anthropic", VirtualKey = "trk_0123456789" });

        await server.RunAsync(new TaskRequest { TaskId = "one", Prompt = "x", Model = "m", SessionId = "s", SystemPrompt = "be\nbrief", AllowedTools = ["Read", "Bash(ls:*)"] });

        var environment = bench.Read("env").Split('\0', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split('=', 2)).ToDictionary(pair => pair[0], pair => pair[1], StringComparer.Ordinal);
        var expected = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["EXTRA"] = "yes",
            ["HOME"] = bench.Home,
            ["BENCH"] = bench.Folder,
            ["CLAUDE_CODE_OAUTH_TOKEN"] = "a-token-0123",
            ["ANTHROPIC_BASE_URL"] = "http://bridge:8787/anthropic",
            ["ANTHROPIC_CUSTOM_HEADERS"] = "X-Trinity-Key: trk_0123456789",
            ["TRINITY_TASK_ID"] = "one",
            ["TRINITY_SESSION_ID"] = "s",
            ["TRINITY_MODEL"] = "m",
            ["TRINITY_SYSTEM_PROMPT"] = "be\nbrief",
            ["TRINITY_ALLOWED_TOOLS"] = "Read,Bash(ls:*)",
        };
        foreach (var name in new[] { "PATH", "TMPDIR", "LANG" }.Where(name => environment.ContainsKey(name)))
        {
            expected[name] = environment[name];
        }

        Assert.Contains("PATH", environment.Keys);
        Assert.Contains(Mark, environment.Keys);
        Assert.Equal(expected.OrderBy(pair => pair.Key, StringComparer.Ordinal), environment.Where(pair => pair.Key != Mark && !OfTheShell.Contains(pair.Key)).OrderBy(pair => pair.Key, StringComparer.Ordinal));
    }

    [Fact]
    public async Task Task_ProgramIsMissing_IsAnErrorThatSaysSo()
    {
        await using var bench = new AgentBench();
        var server = await bench.StartAsync("", settings: "Program=/no/such/program");

        var task = await server.RunAsync(new TaskRequest { Prompt = "x" });

        Assert.Equal((TaskOutcome.Error, null), (task.Outcome, task.ExitCode));
        Assert.Contains("cannot be started", task.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("exit 75", TaskOutcome.RateLimited)]
    [InlineData("exit 77", TaskOutcome.AuthFailed)]
    [InlineData("echo 401 unauthorized >&2; exit 1", TaskOutcome.Error)]
    [InlineData("kill -KILL $$", TaskOutcome.Error)]
    [InlineData("echo 'authentication 401' >&2; kill -TERM $$", TaskOutcome.Error)]
    public async Task Command_Ending_IsClassified(string script, TaskOutcome outcome) // AS-3
    {
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(script);

        var task = await server.RunAsync(new TaskRequest { Prompt = "x" });

        Assert.Equal(outcome, task.Outcome);
    }
}
