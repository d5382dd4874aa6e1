using Trinity.AgentServer.Tests.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tests.Clients;

/// <summary>The real Codex, started by the agent server.</summary>
public sealed class CodexTests
{
    private const string Model = "gpt-5-codex";

    [Fact]
    public async Task Task_ReloadBetweenTwoTurns_SessionGoesOnWithTheNewKey()
    {
        var (old, next) = (Canaries.New("openai-key"), Canaries.New("openai-key"));
        await using var upstream = await FakeProvider.StartAsync();
        await using var bench = new AgentBench();
        var server = await RealClients.CodexAsync(bench);
        var credential = AgentBench.Reload(1, old) with { BaseUrl = upstream.BaseUrl, VirtualKey = "trk_0123456789" };
        await server.ReloadAsync(credential);
        upstream.Expect("POST", "/v1/responses").WithHeader("Authorization", $"Bearer {old}").WithHeader("X-Trinity-Key", "trk_0123456789").Reply(OpenAiResponse.Saying($"Hello, {old}.").For);

        var first = await server.RunAsync(new TaskRequest { Prompt = "Say hello.", Model = Model });
        await server.ReloadAsync(credential with { RequestId = "request-2", Generation = 2, Token = null, VirtualKey = next });
        upstream.Expect("POST", "/v1/responses").WithHeader("Authorization", $"Bearer {next}").WithoutHeader("X-Trinity-Key").Reply(OpenAiResponse.Saying("Hello again.").For);
        var second = await server.RunAsync(new TaskRequest { Prompt = "Say it again.", Model = Model, SessionId = first.SessionId });

        Assert.Equal((TaskOutcome.Completed, "Hello, ***.", null), (first.Outcome, first.Response, first.Error));
        Assert.Equal((TaskOutcome.Completed, "Hello again.", first.SessionId), (second.Outcome, second.Response, second.SessionId));
        Assert.Contains("Say hello.", upstream.Requests[1].BodyText, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Task_ProviderRefusesTheKey_IsAuthFailed()
    {
        await using var upstream = await FakeProvider.StartAsync();
        upstream.Respond(_ => FakeReply.Json(401, """{"error":{"message":"The fake says no.","type":"invalid_request_error","code":"invalid_api_key"}}"""));
        await using var bench = new AgentBench();
        var server = await RealClients.CodexAsync(bench);
        await server.ReloadAsync(AgentBench.Reload(1, Canaries.New("openai-key")) with { BaseUrl = upstream.BaseUrl });

        var task = await server.RunAsync(new TaskRequest { Prompt = "Say hello.", Model = Model });

        Assert.Equal(TaskOutcome.AuthFailed, task.Outcome);
    }
}
