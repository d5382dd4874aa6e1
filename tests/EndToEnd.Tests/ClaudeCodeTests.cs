using System.Text.Json;
using Trinity.EndToEnd.Tests.Cli;
using Trinity.EndToEnd.Tests.Services;

namespace Trinity.EndToEnd.Tests;

/// <summary>The real Claude Code, working through the bridge.</summary>
public sealed class ClaudeCodeTests(TrinityServices services) : IClassFixture<TrinityServices>
{
    private static readonly AnthropicMessage Hello = AnthropicMessage.Saying("Hello from the fake.") with { Usage = new AnthropicUsage(Input: 25, Output: 61, CacheRead: 7, CacheCreation5m: 3) };

    [Fact]
    public async Task Turn_OneAnswer_IsShownAndRecorded()
    {
        await using var bench = await CliBench.StartAsync(services, "anthropic");
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(bench.Key).WithoutHeader("Authorization").Reply(Hello.For);
        var claude = new ClaudeCode(bench);

        var turn = await claude.TurnAsync("Say hello.");

        Assert.Equal(("Hello from the fake.", false), (turn.Result, turn.IsError));
        Assert.Equal((25, 61), (turn.Usage.GetProperty("input_tokens").GetInt32(), turn.Usage.GetProperty("output_tokens").GetInt32()));
        var record = Assert.Single(await bench.InterceptionsAsync(1));
        AssertIsOf(turn, record, bench.Key);
        Assert.Equal((25, 61, 7, 3), Tokens(record));
        Assert.Equal("?beta=true", bench.Upstream.Requests[0].Query);
    }

    [Fact]
    public async Task Turn_WithAToolCall_ToolRunsAndItsResultGoesUpstream()
    {
        await using var bench = await CliBench.StartAsync(services, "anthropic");
        var note = bench.Write("note.txt", "The secret word is marmalade.");
        bench.Upstream.Expect("POST", "/v1/messages").Reply(ReadTool(note).For);
        bench.Upstream.Expect("POST", "/v1/messages").Where("it holds what the tool read", request => request.BodyText.Contains("marmalade", StringComparison.Ordinal)).Reply(Hello.For);
        var claude = new ClaudeCode(bench);

        var turn = await claude.TurnAsync("Read note.txt.");

        Assert.Equal(("Hello from the fake.", 2), (turn.Result, turn.Turns));
        var records = await bench.InterceptionsAsync(2);
        Assert.All(records, record => AssertIsOf(turn, record, bench.Key));
        var tool = Assert.Single(records[0].GetProperty("tool_usages").EnumerateArray());
        Assert.Equal(("Read", "toolu_1"), (tool.GetProperty("tool").GetString(), tool.GetProperty("tool_call_id").GetString()));
    }

    [Fact]
    public async Task Rotation_BetweenTwoTurnsOfASession_SecondTurnIsOnTheNewKey()
    {
        await using var bench = await CliBench.StartAsync(services, "anthropic");
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(bench.Key).Reply(Hello.For);
        var claude = new ClaudeCode(bench);
        var first = await claude.TurnAsync("Say hello.");

        var (newKey, _) = await bench.RotateAsync();
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(newKey).Reply(AnthropicMessage.Saying("Hello again.").For);
        var second = await claude.TurnAsync("Say it again.", "--resume", first.SessionId);

        Assert.Equal(("Hello again.", first.SessionId), (second.Result, second.SessionId));
        Assert.Contains("Hello from the fake.", bench.Upstream.Requests[1].BodyText, StringComparison.Ordinal); // the session goes on
        var records = await bench.InterceptionsAsync(2);
        AssertIsOf(first, records[0], bench.Key);
        AssertIsOf(second, records[1], newKey);
    }

    [Fact]
    public async Task Rotation_DuringATurn_RunningRequestStaysOnTheOldKeyAndTheNextIsOnTheNewOne()
    {
        await using var bench = await CliBench.StartAsync(services, "anthropic");
        var note = bench.Write("note.txt", "The secret word is marmalade.");
        var gate = new FakeGate();
        gate.Release(steps: 3);
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(bench.Key).Reply(ReadTool(note).Streaming().GatedBy(gate));
        var claude = new ClaudeCode(bench);
        await using var running = claude.StartTurn("Read note.txt.");
        await gate.WhenWrittenAsync(3, Timeouts.Token);

        var (newKey, rotated) = await bench.RotateAsync();
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(newKey).Where("it holds what the tool read", request => request.BodyText.Contains("marmalade", StringComparison.Ordinal)).Reply(Hello.For);
        var draining = await Rollouts.WhenDrainingAsync(bench.ControlPlane, rotated);
        gate.Open();
        var turn = await running.EndAsync();

        Assert.False(draining.GetProperty("safe_to_revoke").GetBoolean());
        Assert.Equal(("Hello from the fake.", false, 2), (turn.Result, turn.IsError, turn.Turns));
        var records = await bench.InterceptionsAsync(2);
        AssertIsOf(turn, records[0], bench.Key);
        AssertIsOf(turn, records[1], newKey);
        await Rollouts.WhenSafeToRevokeAsync(bench.ControlPlane, rotated);
    }

    [Theory]
    [InlineData(400, "invalid_request_error", "messages.0: this cannot be (4710).")]
    [InlineData(429, "rate_limit_error", "You have reached limit 4711.")]
    [InlineData(529, "overloaded_error", "Overloaded, says the fake (4712).")]
    public async Task ProviderError_IsShownAsTheProviderSentIt(int status, string type, string message)
    {
        await using var bench = await CliBench.StartAsync(services, "anthropic");
        bench.Upstream.Respond(_ => AnthropicError.Reply(status, type, message)); // as often as it likes: after a 400 it tries with fewer beta features
        var claude = new ClaudeCode(bench, maxRetries: 0);

        var turn = await claude.TurnAsync("Say hello.");

        Assert.True(turn.IsError);
        Assert.Contains(message, turn.Result, StringComparison.Ordinal);
        Assert.Equal(status, turn.Json.GetProperty("api_error_status").GetInt32());
        var records = await bench.InterceptionsAsync(bench.Upstream.Requests.Count);
        Assert.All(records, record => Assert.Equal(("provider_error", status), (record.GetProperty("outcome").GetString(), record.GetProperty("status").GetInt32())));
    }

    [Fact]
    public async Task Overload_ClientTriesAgainByItselfAndCompletes()
    {
        await using var bench = await CliBench.StartAsync(services, "anthropic");
        bench.Upstream.Expect("POST", "/v1/messages", AnthropicError.Overloaded());
        bench.Upstream.Expect("POST", "/v1/messages").Reply(Hello.For);
        var claude = new ClaudeCode(bench);

        var turn = await claude.TurnAsync("Say hello.");

        Assert.Equal(("Hello from the fake.", false), (turn.Result, turn.IsError));
    }

    [Fact]
    public async Task UnknownVirtualKey_IsShown()
    {
        await using var bench = await CliBench.StartAsync(services, "anthropic");
        bench.VirtualKey = "trk_0123";
        var claude = new ClaudeCode(bench, maxRetries: 0);

        var turn = await claude.TurnAsync("Say hello.");

        Assert.True(turn.IsError);
        Assert.Contains("The virtual key is not known here.", turn.Result, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ModelDiscovery_IsAnsweredByTheProvider()
    {
        await using var bench = await CliBench.StartAsync(services, "anthropic");
        bench.Upstream.Expect("GET", "/v1/models").WithKey(bench.Key)
            .Reply(FakeReply.Json(200, """{"data":[{"type":"model","id":"claude-of-the-house","display_name":"House","created_at":"2026-01-01T00:00:00Z"}],"has_more":false}"""));
        bench.Upstream.Expect("POST", "/v1/messages").Reply(Hello.For);
        var claude = new ClaudeCode(bench, more: "CLAUDE_CODE_ENABLE_GATEWAY_MODEL_DISCOVERY");

        var turn = await claude.TurnAsync("Say hello.");

        Assert.Equal("Hello from the fake.", turn.Result);
    }

    [Fact]
    public async Task TokenCounting_IsAnsweredByTheProviderAndNotRecorded()
    {
        await using var bench = await CliBench.StartAsync(services, "anthropic");
        bench.Upstream.Respond(request => request.Path == "/v1/messages/count_tokens" && request.Key == bench.Key ? FakeReply.Json(200, """{"input_tokens":1234}""") : FakeReply.Empty(500));
        var claude = new ClaudeCode(bench);

        var turn = await claude.TurnAsync("/context");

        Assert.False(turn.IsError, turn.Result);
        Assert.NotEmpty(bench.Upstream.Requests);
        Assert.All(bench.Upstream.Requests, request => Assert.Equal(("/v1/messages/count_tokens", bench.Key), (request.Path, request.Key)));
        Assert.Empty(await bench.InterceptionsAsync(0));
    }

    private static AnthropicMessage ReadTool(string path) => new AnthropicMessage().Text("I look into the file.").ToolUse("toolu_1", "Read", JsonSerializer.Serialize(new { file_path = path }));

    private static void AssertIsOf(ClaudeTurn turn, JsonElement record, string key)
    {
        Assert.Equal(("Claude Code", turn.SessionId, "completed"), (record.GetProperty("client").GetString(), record.GetProperty("session_id").GetString(), record.GetProperty("outcome").GetString()));
        Assert.Equal((ClaudeCode.Model, true, $"{key[..4]}...{key[^4..]}"), (record.GetProperty("model").GetString(), record.GetProperty("streaming").GetBoolean(), record.GetProperty("key_hint").GetString()));
    }

    private static (int Input, int Output, int CacheRead, int CacheWrite) Tokens(JsonElement record)
    {
        var usage = record.GetProperty("token_usage");
        return (usage.GetProperty("input").GetInt32(), usage.GetProperty("output").GetInt32(), usage.GetProperty("cache_read").GetInt32(), usage.GetProperty("cache_write").GetInt32());
    }
}
