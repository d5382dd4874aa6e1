using System.Text;
using Trinity.AiBridge.Providers.Anthropic;
using Trinity.AiBridge.Tests.Usage;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Providers;

public sealed class MessagesUsageReaderTests
{
    private readonly MessagesUsageReader _reader = new();

    [Fact]
    public void OnEvent_Stream_CountsTheCumulativeDeltaOnce()
    {
        Stream(AnthropicMessage.Saying("Hi.") with { Usage = new AnthropicUsage(5, 61, 13_993, 20, 2) { OutputAtStart = 5 } });

        Assert.Equal(new TokenUsage(5, 61, 13_993, 22, 0), _reader.Usage);
        Assert.True(_reader.Finished);
        Assert.Null(_reader.Error);
    }

    [Fact]
    public void OnEvent_ParallelTools_AreReadInOrderWithTheirInput()
    {
        Stream(new AnthropicMessage().Thinking("Hm, let me see.").ToolUse("toolu_1", "Read", """{"path": "a b c"}""").ToolUse("toolu_2", "Bash", "{}"));

        Assert.Equal([new ToolUsage("toolu_1", "Read", """{"path": "a b c"}"""), new ToolUsage("toolu_2", "Bash", "{}")], _reader.Tools);
    }

    [Fact]
    public void OnEvent_StreamThatEndsEarly_KeepsWhatWasSaid()
    {
        foreach (var (name, data) in CollectedFrames.Of(Encoding.UTF8.GetBytes(string.Concat(AnthropicMessage.Saying("Hi.").Frames().Take(3)))))
        {
            Send(name, data);
        }

        Assert.Equal(new TokenUsage(12, 1, 0, 0, 0), _reader.Usage);
        Assert.False(_reader.Finished);
    }

    [Fact]
    public void OnEvent_ErrorInTheStream_IsItsType()
    {
        Send("error", """{"type":"error","error":{"type":"overloaded_error","message":"secret"}}""");

        Assert.Equal("overloaded_error", _reader.Error);
    }

    [Fact]
    public void OnBody_Message_IsRead()
    {
        var message = AnthropicMessage.Saying("Hi.").ToolUse("toolu_1", "Read", """{"a":1}""") with { Usage = new AnthropicUsage(1, 2, 3, 4, 5) };

        _reader.OnBody(Encoding.UTF8.GetBytes(message.BlockingJson()));

        Assert.Equal(new TokenUsage(1, 2, 3, 9, 0), _reader.Usage);
        Assert.Equal([new ToolUsage("toolu_1", "Read", """{"a":1}""")], _reader.Tools);
        Assert.True(_reader.Finished);
    }

    [Theory]
    [InlineData("""{"type":"error","error":{"type":"invalid_request_error"}}""", "invalid_request_error")]
    [InlineData("""{"type":"error"}""", "error")]
    [InlineData("""{"type":"error","error":"text"}""", "error")]
    public void OnBody_Error_IsItsType(string body, string error)
    {
        _reader.OnBody(Encoding.UTF8.GetBytes(body));

        Assert.Equal((error, false), (_reader.Error, _reader.Finished));
    }

    [Theory]
    [MemberData(nameof(OddJson.Texts), MemberType = typeof(OddJson))]
    public void AnyJson_IsSurvivedWithUnknownUsage(byte[] json)
    {
        foreach (var name in new[] { "", "message_start", "message_delta", "content_block_start", "content_block_delta", "error" })
        {
            _reader.OnEvent(Encoding.UTF8.GetBytes(name), json);
        }

        _reader.OnBody(json);

        Assert.Null(_reader.Usage);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("1e3")]
    [InlineData("\"12\"")]
    [InlineData("null")]
    [InlineData("[12]")]
    [InlineData("9223372036854775807")]
    [InlineData("99999999999999999999999999")]
    public void OnEvent_CountThatIsNone_IsUnknown(string value)
    {
        Send("message_start", """{"type":"message_start","message":{"usage":{"input_tokens":VALUE,"output_tokens":1}}}""".Replace("VALUE", value, StringComparison.Ordinal));

        Assert.Null(_reader.Usage);
    }

    [Fact]
    public void OnEvent_EndlessToolCalls_StayBounded()
    {
        var text = new string('x', 10_000);
        for (var index = 0; index < 1000; index++)
        {
            Send("content_block_start", $$"""{"type":"content_block_start","index":{{index}},"content_block":{"type":"tool_use","id":"{{text}}","name":"{{text}}"} }""");
            Send("content_block_delta", $$"""{"type":"content_block_delta","index":0,"delta":{"type":"input_json_delta","partial_json":"{{text}}"} }""");
        }

        Assert.Equal(128, _reader.Tools.Count);
        Assert.Equal((256, 256, ToolUsage.MaxInputLength), (_reader.Tools[0].Tool.Length, _reader.Tools[0].CallId!.Length, _reader.Tools[0].Input!.Length));
    }

    private void Stream(AnthropicMessage message)
    {
        foreach (var (name, data) in CollectedFrames.Of(message.Streaming().BodyBytes()))
        {
            Send(name, data);
        }
    }

    private void Send(string name, string data) => _reader.OnEvent(Encoding.UTF8.GetBytes(name), Encoding.UTF8.GetBytes(data));
}
