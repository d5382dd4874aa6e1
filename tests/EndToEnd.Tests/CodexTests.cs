using System.Text.Json;
using Trinity.EndToEnd.Tests.Cli;
using Trinity.EndToEnd.Tests.Services;

namespace Trinity.EndToEnd.Tests;

/// <summary>The real Codex, working through the bridge.</summary>
public sealed class CodexTests(TrinityServices services) : IClassFixture<TrinityServices>
{
    private static readonly OpenAiResponse Hello = OpenAiResponse.Saying("Hello from the fake.") with { Usage = new OpenAiUsage(Input: 25, Output: 61, Cached: 7, Reasoning: 5) };
    private static readonly OpenAiResponse ReadNote = new OpenAiResponse().FunctionCall("call_1", "exec_command", """{"cmd":"cat note.txt","login":false}""");

    [Fact]
    public async Task Turn_OneAnswer_IsShownAndRecorded()
    {
        await using var bench = await CliBench.StartAsync(services, "openai");
        bench.Upstream.Expect("POST", "/v1/responses").WithKey(bench.Key).Reply(Hello.For);
        var codex = Codex.OverHttp(bench);

        var turn = await codex.TurnAsync("Say hello.");

        Assert.Equal("Hello from the fake.", turn.Message);
        Assert.Equal((25, 61), (turn.Usage.GetProperty("input_tokens").GetInt32(), turn.Usage.GetProperty("output_tokens").GetInt32()));
        var record = Assert.Single(await bench.InterceptionsAsync(1));
        AssertIsOf(turn, record, bench.Key);
        Assert.Equal((18, 61, 7, 5), Tokens(record));
    }

    [Fact]
    public async Task Turn_WithAToolCall_CommandRunsAndItsOutputGoesUpstream()
    {
        await using var bench = await CliBench.StartAsync(services, "openai");
        bench.Write("note.txt", "The secret word is marmalade.");
        bench.Upstream.Expect("POST", "/v1/responses").Reply(ReadNote.For);
        bench.Upstream.Expect("POST", "/v1/responses").Where("it holds the command's output", request => request.BodyText.Contains("marmalade", StringComparison.Ordinal)).Reply(Hello.For);
        var codex = Codex.OverHttp(bench);

        var turn = await codex.TurnAsync("Read note.txt.");

        Assert.Equal("Hello from the fake.", turn.Message);
        var command = Assert.Single(turn.Items("command_execution"));
        Assert.Contains("marmalade", command.GetProperty("aggregated_output").GetString(), StringComparison.Ordinal);
        var records = await bench.InterceptionsAsync(2);
        Assert.All(records, record => AssertIsOf(turn, record, bench.Key));
        var tool = Assert.Single(records[0].GetProperty("tool_usages").EnumerateArray());
        Assert.Equal(("exec_command", "call_1"), (tool.GetProperty("tool").GetString(), tool.GetProperty("tool_call_id").GetString()));
    }

    [Fact]
    public async Task Rotation_BetweenTwoTurnsOfASession_SecondTurnIsOnTheNewKey()
    {
        await using var bench = await CliBench.StartAsync(services, "openai");
        bench.Upstream.Expect("POST", "/v1/responses").WithKey(bench.Key).Reply(Hello.For);
        var codex = Codex.OverHttp(bench);
        var first = await codex.TurnAsync("Say hello.");

        var (newKey, _) = await bench.RotateAsync();
        bench.Upstream.Expect("POST", "/v1/responses").WithKey(newKey).Reply(OpenAiResponse.Saying("Hello again.").For);
        var second = await codex.ResumeAsync(first.Thread, "Say it again.");

        Assert.Equal(("Hello again.", first.Thread), (second.Message, second.Thread));
        Assert.Contains("Hello from the fake.", bench.Upstream.Requests[1].BodyText, StringComparison.Ordinal); // the session goes on
        var records = await bench.InterceptionsAsync(2);
        AssertIsOf(first, records[0], bench.Key);
        AssertIsOf(second, records[1], newKey);
    }

    [Fact]
    public async Task Rotation_DuringATurn_RunningRequestStaysOnTheOldKeyAndTheNextIsOnTheNewOne()
    {
        await using var bench = await CliBench.StartAsync(services, "openai");
        bench.Write("note.txt", "The secret word is marmalade.");
        var gate = new FakeGate();
        gate.Release(steps: 3);
        bench.Upstream.Expect("POST", "/v1/responses").WithKey(bench.Key).Reply(ReadNote.Streaming().GatedBy(gate));
        var codex = Codex.OverHttp(bench);
        await using var running = codex.StartTurn("Read note.txt.");
        await gate.WhenWrittenAsync(3, Timeouts.Token);

        var (newKey, rotated) = await bench.RotateAsync();
        bench.Upstream.Expect("POST", "/v1/responses").WithKey(newKey).Where("it holds the command's output", request => request.BodyText.Contains("marmalade", StringComparison.Ordinal)).Reply(Hello.For);
        var draining = await Rollouts.WhenDrainingAsync(bench.ControlPlane, rotated);
        gate.Open();
        var turn = await running.EndAsync();

        Assert.False(draining.GetProperty("safe_to_revoke").GetBoolean());
        Assert.Equal(("Hello from the fake.", true), (turn.Message, turn.Completed));
        var records = await bench.InterceptionsAsync(2);
        AssertIsOf(turn, records[0], bench.Key);
        AssertIsOf(turn, records[1], newKey);
        await Rollouts.WhenSafeToRevokeAsync(bench.ControlPlane, rotated);
    }

    [Theory]
    [InlineData(400, "invalid_request_error", "Far too many tokens (4710).", "Far too many tokens (4710).")]
    [InlineData(429, "rate_limit_error", "You have reached limit 4711.", "429 Too Many Requests")] // the client keeps the message of a 429 to itself
    [InlineData(529, "server_error", "Overloaded, says the fake (4712).", "Overloaded, says the fake (4712).")]
    public async Task ProviderError_IsShownAsTheProviderSentIt(int status, string type, string message, string shown)
    {
        await using var bench = await CliBench.StartAsync(services, "openai");
        bench.Upstream.Expect("POST", "/v1/responses", OpenAiError.Reply(status, type, message));
        var codex = Codex.OverHttp(bench, retries: 0);

        var turn = await codex.TurnAsync("Say hello.");

        Assert.Contains(shown, turn.Failure, StringComparison.Ordinal);
        var record = Assert.Single(await bench.InterceptionsAsync(1));
        Assert.Equal(("provider_error", status), (record.GetProperty("outcome").GetString(), record.GetProperty("status").GetInt32()));
    }

    [Fact]
    public async Task UnknownVirtualKey_IsShown()
    {
        await using var bench = await CliBench.StartAsync(services, "openai");
        bench.VirtualKey = "trk_0123";
        var codex = Codex.OverHttp(bench, retries: 0);

        var turn = await codex.TurnAsync("Say hello.");

        Assert.Contains("The virtual key is not known here.", turn.Failure, StringComparison.Ordinal);
    }

    [Fact]
    public async Task WebSocket_TurnRunsOverIt()
    {
        await using var bench = await CliBench.StartAsync(services, "openai");
        var speaker = new ResponsesWebSocket(Hello);
        bench.Upstream.Expect("GET", "/v1/responses").WithKey(bench.Key).Reply(FakeReply.WebSocket(speaker.RunAsync));
        var codex = Codex.WithWebSockets(bench);

        var turn = await codex.TurnAsync("Say hello.");

        Assert.Equal("Hello from the fake.", turn.Message);
        Assert.Contains("Say hello.", string.Concat(speaker.Received), StringComparison.Ordinal);
        var record = Assert.Single(await bench.InterceptionsAsync(1));
        Assert.Equal(("Codex", turn.Thread, 101), (record.GetProperty("client").GetString(), record.GetProperty("session_id").GetString(), record.GetProperty("status").GetInt32()));
    }

    [Theory]
    [InlineData(404)]
    [InlineData(405)]
    [InlineData(426)]
    public async Task WebSocket_ProviderHasNone_ClientGoesOnOverHttpAtOnce(int refusal)
    {
        await using var bench = await CliBench.StartAsync(services, "openai");
        bench.Upstream.Expect("GET", "/v1/responses", OpenAiError.Reply(refusal, "invalid_request_error", "No sockets here."));
        bench.Upstream.Expect("POST", "/v1/responses").Reply(Hello.For);
        var codex = Codex.WithWebSockets(bench);

        var turn = await codex.TurnAsync("Say hello.");

        Assert.Equal("Hello from the fake.", turn.Message);
        Assert.Equal(["GET", "POST"], bench.Upstream.Requests.Select(request => request.Method)); // no second try, each of which costs seconds
    }

    private static void AssertIsOf(CodexTurn turn, JsonElement record, string key)
    {
        Assert.Equal(("Codex", turn.Thread, "completed"), (record.GetProperty("client").GetString(), record.GetProperty("session_id").GetString(), record.GetProperty("outcome").GetString()));
        Assert.Equal((Codex.Model, true, $"{key[..4]}...{key[^4..]}"), (record.GetProperty("model").GetString(), record.GetProperty("streaming").GetBoolean(), record.GetProperty("key_hint").GetString()));
    }

    private static (int Input, int Output, int CacheRead, int Reasoning) Tokens(JsonElement record)
    {
        var usage = record.GetProperty("token_usage");
        return (usage.GetProperty("input").GetInt32(), usage.GetProperty("output").GetInt32(), usage.GetProperty("cache_read").GetInt32(), usage.GetProperty("reasoning").GetInt32());
    }
}
