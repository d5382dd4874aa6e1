using Trinity.AgentServer.Tests.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tests.Clients;

/// <summary>The real Claude Code, started by the agent server.</summary>
public sealed class ClaudeCodeTests
{
    private const string Model = "claude-sonnet-4-5";

    [Fact]
    public async Task Task_ReloadDuringATurn_TurnStaysOnItsTokenAndTheSessionGoesOnWithTheNewOne()
    {
        var (old, next, virtualKey) = (Canaries.New("anthropic-oauth"), Canaries.New("anthropic-oauth"), Canaries.New("trk"));
        await using var upstream = await FakeProvider.StartAsync();
        await using var bench = new AgentBench();
        var server = await RealClients.ClaudeCodeAsync(bench);
        var credential = AgentBench.Reload(1, old) with { BaseUrl = upstream.BaseUrl, VirtualKey = virtualKey };
        await server.ReloadAsync(credential);
        var gate = new FakeGate();
        gate.Release(steps: 3);
        upstream.Expect("POST", "/v1/messages").WithHeader("Authorization", $"Bearer {old}").WithHeader("X-Trinity-Key", virtualKey).WithoutHeader("x-api-key")
            .Reply(AnthropicMessage.Saying($"Hello, {old}.").Streaming().GatedBy(gate));
        var running = server.RunAsync(new TaskRequest { Prompt = "Say hello.", Model = Model, SystemPrompt = "Be brief." });
        await gate.WhenWrittenAsync(3, Timeouts.Token);

        await server.ReloadAsync(credential with { RequestId = "request-2", Generation = 2, Token = next });
        gate.Open();
        var first = await running;
        upstream.Expect("POST", "/v1/messages").WithHeader("Authorization", $"Bearer {next}").WithHeader("X-Trinity-Key", virtualKey).Reply(AnthropicMessage.Saying("Hello again.").For);
        var second = await server.RunAsync(new TaskRequest { Prompt = "Say it again.", Model = Model, SessionId = first.SessionId });

        Assert.Equal((TaskOutcome.Completed, "Hello, ***.", 1), (first.Outcome, first.Response, first.Generation));
        Assert.Equal((TaskOutcome.Completed, "Hello again.", 2), (second.Outcome, second.Response, second.Generation));
        Assert.Equal(first.SessionId, second.SessionId);
        Assert.Contains("Be brief.", upstream.Requests[0].BodyText, StringComparison.Ordinal);
        Assert.Contains("Say hello.", upstream.Requests[1].BodyText, StringComparison.Ordinal);
        Canaries.AssertAbsentFrom(server.Logs.Text + await server.Client.GetStringAsync("/api/tasks", Timeouts.Token), "log and replies");
    }

    [Theory]
    [InlineData(429, "rate_limit_error", TaskOutcome.RateLimited)]
    [InlineData(401, "authentication_error", TaskOutcome.AuthFailed)]
    [InlineData(529, "overloaded_error", TaskOutcome.Error)]
    public async Task Task_ProviderRefuses_IsClassified(int status, string type, TaskOutcome outcome)
    {
        await using var upstream = await FakeProvider.StartAsync();
        upstream.Respond(_ => AnthropicError.Reply(status, type, "The fake says no."));
        await using var bench = new AgentBench();
        var server = await RealClients.ClaudeCodeAsync(bench);
        await server.ReloadAsync(AgentBench.Reload(1, Canaries.New("anthropic-oauth")) with { BaseUrl = upstream.BaseUrl });

        var task = await server.RunAsync(new TaskRequest { Prompt = "Say hello.", Model = Model });

        Assert.Equal(outcome, task.Outcome);
        Assert.NotNull(task.Error);
    }
}
