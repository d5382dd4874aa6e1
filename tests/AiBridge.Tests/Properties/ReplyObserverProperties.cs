using FsCheck;
using FsCheck.Fluent;
using Trinity.AiBridge.Providers.Anthropic;
using Trinity.AiBridge.Providers.OpenAi;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Properties;

/// <summary>What a reply consumed does not depend on the parts that it came in.</summary>
public sealed class ReplyObserverProperties
{
    private static readonly Gen<string> Texts = Gen.Elements("Hello.", "Zoë 😀 said: \"a\\b\"", " ", "line\nline\r\n", "\u0000\u2028", "data: x\n\n").ListOf().Select(string.Concat);

    private static readonly Gen<Said> Replies =
        from text in Texts
        from tool in Texts
        from tokens in Gen.Choose(0, 1_000_000).ArrayOf(4)
        from splits in SplitBytes.Splits
        select new Said(text, tool, tokens[0] + tokens[2], tokens[1] + tokens[3], tokens[2], tokens[3], splits);

    [Fact]
    public void Messages_AreReadAlike() => PropertyCheck.Holds(Replies, said =>
    {
        var message = AnthropicMessage.Saying(said.Text).Thinking(said.Text).ToolUse("toolu_1", "f", said.ToolInput) with { Usage = new AnthropicUsage(said.Input, said.Output, said.Cached) };
        var expected = new Read(new TokenUsage(said.Input, said.Output, said.Cached, 0, 0), "toolu_1", said.ToolInput);

        Assert.Equal(expected, Observe(new MessagesUsageReader(), message.Streaming(), said.Splits, streaming: true));
        Assert.Equal(expected with { ToolInput = null }, Observe(new MessagesUsageReader(), message.Blocking(), said.Splits, streaming: false) with { ToolInput = null }); // JSON, written anew
    });

    [Fact]
    public void ChatCompletions_AreReadAlike() => PropertyCheck.Holds(Replies, said =>
    {
        var completion = OpenAiChatCompletion.Saying(said.Text).ToolCall("call_1", "f", said.ToolInput) with { Usage = said.OpenAiUsage };
        var expected = new Read(said.OpenAiTokens, "call_1", said.ToolInput);

        Assert.Equal(expected, Observe(new ChatUsageReader(), completion.Streaming(includeUsage: true), said.Splits, streaming: true));
        Assert.Equal(expected, Observe(new ChatUsageReader(), completion.Blocking(), said.Splits, streaming: false));
    });

    [Fact]
    public void Responses_AreReadAlike() => PropertyCheck.Holds(Replies, said =>
    {
        var response = OpenAiResponse.Saying(said.Text).Reasoning(said.Text).FunctionCall("call_1", "f", said.ToolInput) with { Usage = said.OpenAiUsage };
        var expected = new Read(said.OpenAiTokens, "call_1", said.ToolInput);

        Assert.Equal(expected, Observe(new ResponsesUsageReader(), response.Streaming(), said.Splits, streaming: true));
        Assert.Equal(expected, Observe(new ResponsesUsageReader(), response.Blocking(), said.Splits, streaming: false));
    });

    [Fact]
    public void Anything_IsSurvived_AndReadAlike() => PropertyCheck.Holds(EventTexts.Any, SplitBytes.Shrink, split =>
    {
        foreach (var streaming in new[] { true, false })
        {
            foreach (var create in new Func<IUsageReader>[] { () => new MessagesUsageReader(), () => new ChatUsageReader(), () => new ResponsesUsageReader() })
            {
                Assert.Equal(Observe(create(), split with { Sizes = [int.MaxValue] }, streaming), Observe(create(), split, streaming));
            }
        }
    });

    // A reply with a byte changed, a member put in whose name is no text, or cut off: what is read off it may be anything.
    [Fact]
    public void BrokenReply_IsSurvived() => PropertyCheck.Holds(
        from said in Replies
        from kind in Gen.Choose(0, 5)
        from at in Gen.Choose(0, int.MaxValue)
        from value in Gen.Choose(-2, 255)
        select new Broken(kind, SplitBytes.Escape(Break(said.Reply(kind).BodyBytes(), at, value)), new SplitBytes(Break(said.Reply(kind).BodyBytes(), at, value), said.Splits)),
        broken => Observe(Said.Reader(broken.Kind), broken.Split, streaming: broken.Kind % 2 == 0),
        cases: 4000);

    private static byte[] Break(byte[] reply, int at, int value)
    {
        switch (value)
        {
            case -2:
                return reply[..(at % reply.Length)];
            case < 100:
                List<int> objects = [.. Enumerable.Range(0, reply.Length - 1).Where(index => reply[index] == '{' && reply[index + 1] == '"')];
                return [.. reply[..(objects[at % objects.Count] + 1)], .. "\"\\ud800 is half a pair\":1,"u8, .. reply[(objects[at % objects.Count] + 1)..]];
            default:
                byte[] changed = [.. reply];
                changed[at % reply.Length] = (byte)value;
                return changed;
        }
    }

    private static Read Observe(IUsageReader reader, FakeReply reply, int[] splits, bool streaming)
    {
        var (usage, finished, error, tools) = Observe(reader, new SplitBytes(reply.BodyBytes(), splits), streaming);
        Assert.Equal((true, null), (finished, error));
        return new Read(usage, tools.Split('|')[0], tools.Split('|', 2)[1]);
    }

    private static (TokenUsage? Usage, bool Finished, string? Error, string Tools) Observe(IUsageReader reader, SplitBytes split, bool streaming)
    {
        using var observer = new ReplyObserver(reader, streaming);
        foreach (var part in split.Parts())
        {
            observer.OnBytes(part.Span);
        }

        observer.OnEnd();
        return (reader.Usage, reader.Finished, reader.Error, string.Join('\n', reader.Tools.Select(tool => $"{tool.CallId}|{tool.Input}")));
    }

    private sealed record Read(TokenUsage? Usage, string Tool, string? ToolInput);

    private sealed record Broken(int Kind, string Text, SplitBytes Split);

    private sealed record Said(string Text, string Tool, int Input, int Output, int Cached, int Reasoning, int[] Splits)
    {
        public string ToolInput { get; } = $$"""{"x":{{System.Text.Json.JsonSerializer.Serialize(Tool)}}}""";

        public OpenAiUsage OpenAiUsage => new(Input, Output, Cached, Reasoning);

        /// <summary>The same in one of the dialects: even for a stream, odd for JSON.</summary>
        public FakeReply Reply(int kind) => kind switch
        {
            0 => AnthropicMessage.Saying(Text).ToolUse("toolu_1", "f", ToolInput).Streaming(),
            1 => AnthropicMessage.Saying(Text).ToolUse("toolu_1", "f", ToolInput).Blocking(),
            2 => OpenAiChatCompletion.Saying(Text).ToolCall("call_1", "f", ToolInput).Streaming(includeUsage: true),
            3 => OpenAiChatCompletion.Saying(Text).ToolCall("call_1", "f", ToolInput).Blocking(),
            4 => OpenAiResponse.Saying(Text).FunctionCall("call_1", "f", ToolInput).Streaming(),
            _ => OpenAiResponse.Saying(Text).FunctionCall("call_1", "f", ToolInput).Blocking(),
        };

        public static IUsageReader Reader(int kind) => kind switch
        {
            0 or 1 => new MessagesUsageReader(),
            2 or 3 => new ChatUsageReader(),
            _ => new ResponsesUsageReader(),
        };

        public TokenUsage OpenAiTokens => new(Input - Cached, Output, Cached, 0, Reasoning);
    }
}
