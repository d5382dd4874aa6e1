using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Trinity.AgentServer.Redaction;
using Trinity.AgentServer.Tests.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tests.Redaction;

/// <summary>HR-9, HZ-9: values are masked from the reload on until the last task that has them has ended.</summary>
public sealed class RedactionFollowsRotationTests
{
    /// <summary>No vendor's shape, so that only the exact value can be recognised.</summary>
    private const string Shape = "custom";

    private const string Prints = """
        prompt=$(cat)
        touch "$BENCH/started-$prompt"
        read go < "$BENCH/gate-$prompt"
        echo "it is $CLAUDE_CODE_OAUTH_TOKEN, beside $ANTHROPIC_CUSTOM_HEADERS"
        echo "{\"nested\":\"{\\\"x\\\":\\\"$CLAUDE_CODE_OAUTH_TOKEN\\\"}\"}"
        echo "err $CLAUDE_CODE_OAUTH_TOKEN" >&2
        exit 3
        """;

    [Fact]
    public async Task Output_OldTaskAfterTwoReloads_ItsRetiredTokenIsMaskedUntilItEnds()
    {
        var (old, next, last, virtualKey) = (Canaries.New(Shape), Canaries.New(Shape), Canaries.New(Shape), Canaries.New(Shape));
        await using var bench = new AgentBench();
        var gate = await bench.GateAsync("gate-one");
        var server = await bench.StartAsync(Prints);
        var redactor = server.Services.GetRequiredService<Redactor>();
        await server.ReloadAsync(AgentBench.Reload(1, old) with { VirtualKey = virtualKey });
        var running = server.RunAsync(new TaskRequest { TaskId = "one", Prompt = "one" });
        await bench.WhenWrittenAsync("started-one");

        await server.ReloadAsync(AgentBench.Reload(2, next));
        await server.ReloadAsync(AgentBench.Reload(3, last));
        Assert.Equal($"*** {next} ***", redactor.Redact($"{old} {next} {last}")); // no task ever had the one in the middle
        await AgentBench.ReleaseAsync(gate);
        var task = await running;

        Assert.Equal(TaskOutcome.Error, task.Outcome);
        Assert.Equal("it is ***, beside X-Trinity-Key: ***\n{\"nested\":\"{\\\"x\\\":\\\"***\\\"}\"}", task.Response);
        Assert.Equal("err ***", task.Error);
        Assert.Equal($"{old} {next} ***", redactor.Redact($"{old} {next} {last}")); // with the last task of its generation it is forgotten
        var listed = await server.Client.GetStringAsync("/api/tasks", Timeouts.Token) + await server.Client.GetStringAsync("/api/tasks/one", Timeouts.Token) + await server.Client.GetStringAsync("/api/credentials/status", Timeouts.Token);
        Canaries.AssertAbsentFrom(listed + server.Logs.Text + await server.MetricsAsync(), "replies, log and metrics");
    }

    [Fact]
    public async Task Log_LineOfAnyoneWithASecret_IsMasked()
    {
        var (token, agent) = (Canaries.New(Shape), Canaries.New(Shape));
        await using var bench = new AgentBench();
        var server = await bench.StartAsync(Prints, agent);
        server.Client.DefaultRequestHeaders.Authorization = new("Bearer", agent);
        await server.ReloadAsync(AgentBench.Reload(1, token));

#pragma warning disable CA1848 // stands for a library's careless line
        server.Services.GetRequiredService<ILoggerFactory>().CreateLogger("Library").LogError(new InvalidOperationException("bad " + token), "got {Token} and {Agent}", token, agent);
#pragma warning restore CA1848

        var line = await server.Logs.WhenLoggedAsync(log => log.Category == "Library", Timeouts.Token);
        Assert.StartsWith("got *** and ***", line.Message, StringComparison.Ordinal);
        Assert.Contains("bad ***", line.Message, StringComparison.Ordinal);
        Canaries.AssertAbsentFrom(server.Logs.Text, "the log");
    }
}
