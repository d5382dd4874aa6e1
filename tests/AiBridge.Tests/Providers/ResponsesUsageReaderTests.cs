using System.Text;
using Trinity.AiBridge.Providers.OpenAi;
using Trinity.AiBridge.Tests.Usage;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Providers;

public sealed class ResponsesUsageReaderTests
{
    private readonly ResponsesUsageReader _reader = new();

    [Theory]
    [InlineData("completed", null)]
    [InlineData("incomplete", null)]
    [InlineData("failed", "server_error")]
    public void OnEvent_Stream_IsReadOffTheClosingEvent(string status, string? error)
    {
        Stream(OpenAiResponse.Saying("Hi.") with { Status = status, Usage = new OpenAiUsage(12_033, 128, 11_904, 100) });

        Assert.Equal(new TokenUsage(129, 128, 11_904, 0, 100), _reader.Usage);
        Assert.Equal((true, error), (_reader.Finished, _reader.Error));
    }

    [Fact]
    public void OnEvent_UnnamedEvents_AreReadByTheirType()
    {
        foreach (var (_, data) in CollectedFrames.Of(OpenAiResponse.Saying("Hi.").FunctionCall("c", "f", "{}").Streaming().BodyBytes()))
        {
            _reader.OnEvent([], Encoding.UTF8.GetBytes(data));
        }

        Assert.True(_reader.Finished);
        Assert.Equal([new ToolUsage("c", "f", "{}")], _reader.Tools);
    }

    [Fact]
    public void OnEvent_ParallelCalls_AreReadInOrder()
    {
        Stream(new OpenAiResponse().Reasoning("Thinking it over.").FunctionCall("call_1", "add", """{"a":3,"b":5}""").FunctionCall("call_2", "ls", "{}"));

        Assert.Equal([new ToolUsage("call_1", "add", """{"a":3,"b":5}"""), new ToolUsage("call_2", "ls", "{}")], _reader.Tools);
    }

    [Theory]
    [InlineData("""{"type":"custom_tool_call","call_id":"c","name":"apply_patch","input":"*** Begin Patch"}""", "c", "apply_patch", "*** Begin Patch")]
    [InlineData("""{"type":"local_shell_call","call_id":"c","action":{"command":["ls"]}}""", "c", "local_shell_call", """{"command":["ls"]}""")]
    [InlineData("""{"type":"web_search_call","id":"ws_1","action":{"query":"q"}}""", "ws_1", "web_search_call", """{"query":"q"}""")]
    [InlineData("""{"type":"mcp_call","id":"m","name":"tool","arguments":"{}"}""", "m", "tool", "{}")]
    public void OnEvent_OtherToolItems_AreTools(string item, string callId, string tool, string input)
    {
        Send("response.output_item.done", $$"""{"type":"response.output_item.done","item":{{item}}}""");

        Assert.Equal([new ToolUsage(callId, tool, input)], _reader.Tools);
    }

    [Fact]
    public void OnEvent_ErrorEvent_IsItsCodeAndDoesNotFinish()
    {
        Send("error", """{"type":"error","code":"server_error","message":"m","param":null}""");

        Assert.Equal(("server_error", false), (_reader.Error, _reader.Finished));
    }

    [Fact]
    public void OnBody_Response_IsRead()
    {
        var response = OpenAiResponse.Saying("Hi.").FunctionCall("call_1", "f", "{}") with { Usage = new OpenAiUsage(11, 18) };

        _reader.OnBody(Encoding.UTF8.GetBytes(response.BlockingJson()));

        Assert.Equal(new TokenUsage(11, 18, 0, 0, 0), _reader.Usage);
        Assert.Equal([new ToolUsage("call_1", "f", "{}")], _reader.Tools);
    }

    [Fact]
    public void OnBody_MoreCachedThanInput_IsNotNegative()
    {
        _reader.OnBody("""{"usage":{"input_tokens":5,"output_tokens":1,"input_tokens_details":{"cached_tokens":9}}}"""u8.ToArray());

        Assert.Equal(new TokenUsage(0, 1, 9, 0, 0), _reader.Usage);
    }

    [Theory]
    [MemberData(nameof(OddJson.Texts), MemberType = typeof(OddJson))]
    public void AnyJson_IsSurvivedWithUnknownUsage(byte[] json)
    {
        foreach (var name in new[] { "", "response.completed", "response.output_item.done", "error" })
        {
            _reader.OnEvent(Encoding.UTF8.GetBytes(name), json);
        }

        _reader.OnBody(json);

        Assert.Null(_reader.Usage);
    }

    private void Stream(OpenAiResponse response)
    {
        foreach (var (name, data) in CollectedFrames.Of(response.Streaming().BodyBytes()))
        {
            Send(name, data);
        }
    }

    private void Send(string name, string data) => _reader.OnEvent(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(data));
}
