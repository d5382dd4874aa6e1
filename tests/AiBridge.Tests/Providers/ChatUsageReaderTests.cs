using System.Text;
using Trinity.AiBridge.Providers.OpenAi;
using Trinity.AiBridge.Tests.Usage;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Providers;

public sealed class ChatUsageReaderTests
{
    private readonly ChatUsageReader _reader = new();

    [Fact]
    public void OnEvent_StreamWithUsage_NetsTheCache()
    {
        Stream((OpenAiChatCompletion.Saying("Hi there.") with { Usage = new OpenAiUsage(100, 20, 90, 8) }).Streaming(includeUsage: true));

        Assert.Equal(new TokenUsage(10, 20, 90, 0, 8), _reader.Usage);
        Assert.True(_reader.Finished);
    }

    [Fact]
    public void OnEvent_StreamWithoutUsage_IsUnknown()
    {
        Stream(OpenAiChatCompletion.Saying("Hi there.").Streaming(includeUsage: false));

        Assert.Null(_reader.Usage);
        Assert.True(_reader.Finished);
    }

    [Fact]
    public void OnEvent_CumulativeUsageOnEveryChunk_TheLastCounts()
    {
        Send("""{"choices":[{"delta":{"content":"a"}}],"usage":{"prompt_tokens":5,"completion_tokens":1}}""");
        Send("""{"choices":[{"delta":{"content":"b"}}],"usage":{"prompt_tokens":5,"completion_tokens":2}}""");
        Send("""{"choices":[{"delta":{},"finish_reason":"stop"}],"usage":null}""");

        Assert.Equal(new TokenUsage(5, 2, 0, 0, 0), _reader.Usage);
    }

    [Fact]
    public void OnEvent_ParallelTools_ArePiecedTogether()
    {
        Stream(new OpenAiChatCompletion().ToolCall("call_1", "read_file", """{"path": "a b"}""").ToolCall("call_2", "ls", "{}").Streaming(includeUsage: true));

        Assert.Equal([new ToolUsage("call_1", "read_file", """{"path": "a b"}"""), new ToolUsage("call_2", "ls", "{}")], _reader.Tools);
    }

    [Fact]
    public void OnEvent_ToolIndexesThatStartLater_AreKeptApart()
    {
        Send("""{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"c1","function":{"name":"f","arguments":""}}]}}]}""");
        Send("""{"choices":[{"delta":{"tool_calls":[{"index":3,"id":"c3","function":{"name":"g","arguments":"{}"}}]}}]}""");

        Assert.Equal([new ToolUsage("c1", "f", null), new ToolUsage("c3", "g", "{}")], _reader.Tools);
    }

    [Fact]
    public void OnEvent_CustomTool_KeepsItsRawInput()
    {
        Send("""{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"c","custom":{"name":"patch","input":"*** Begin"}}]}}]}""");

        Assert.Equal([new ToolUsage("c", "patch", "*** Begin")], _reader.Tools);
    }

    [Fact]
    public void OnEvent_ErrorChunk_IsItsType()
    {
        Send("""{"error":{"message":"secret","type":"server_error","code":"x"}}""");
        Send("[DONE]");

        Assert.Equal(("server_error", true), (_reader.Error, _reader.Finished));
    }

    [Fact]
    public void OnBody_Completion_IsRead()
    {
        var completion = OpenAiChatCompletion.Saying("Hi.").ToolCall("call_1", "f", """{"a":1}""") with { Usage = new OpenAiUsage(19, 200) };

        _reader.OnBody(Encoding.UTF8.GetBytes(completion.BlockingJson()));

        Assert.Equal(new TokenUsage(19, 200, 0, 0, 0), _reader.Usage);
        Assert.Equal([new ToolUsage("call_1", "f", """{"a":1}""")], _reader.Tools);
        Assert.True(_reader.Finished);
    }

    [Fact]
    public void OnBody_Error_IsItsTypeOrCode()
    {
        _reader.OnBody("""{"error":{"message":"m","type":null,"code":"context_length_exceeded"}}"""u8.ToArray());

        Assert.Equal(("context_length_exceeded", false), (_reader.Error, _reader.Finished));
    }

    [Theory]
    [MemberData(nameof(OddJson.Texts), MemberType = typeof(OddJson))]
    public void AnyJson_IsSurvivedWithUnknownUsage(byte[] json)
    {
        _reader.OnEvent("message"u8, json);
        _reader.OnBody(json);

        Assert.Null(_reader.Usage);
    }

    private void Stream(FakeReply reply)
    {
        foreach (var (_, data) in CollectedFrames.Of(reply.BodyBytes()))
        {
            Send(data);
        }
    }

    private void Send(string data) => _reader.OnEvent([], Encoding.UTF8.GetBytes(data));
}
