using System.Text;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>What vendors say on the wire: whatever it is, the client gets the same bytes, and the record says what they mean.</summary>
public sealed class WireTests(WireBench wire) : IClassFixture<WireBench>
{
    private TestBench Bench => wire.Bench;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Messages_ThinkingAndParallelTools(bool stream)
    {
        var message = new AnthropicMessage()
            .Thinking("First this.", "c2lnbmF0dXJlLW9uZQ==").Thinking("Then that.", "c2lnbmF0dXJlLXR3bw==")
            .Text("I read both.").ToolUse("toolu_1", "Read", """{"path":"a b"}""").ToolUse("toolu_2", "Read", """{"path":"c"}""")
            with
        { Usage = new AnthropicUsage(2, 61, 13_993, 20, 2) { OutputAtStart = 5 } };

        var record = await ExchangeAsync(Models.Messages, stream ? message.Streaming() : message.Blocking());

        Assert.Equal(("completed", stream, 2, 61, 13_993, 22), (record.Outcome, record.Streaming, record.Input, record.Output, record.CacheRead, record.CacheWrite));
        Assert.Equal(
            [("toolu_1", "Read", """{"path":"a b"}"""), ("toolu_2", "Read", """{"path":"c"}""")],
            record.Tools.Select(tool => (tool.ToolCallId!, tool.Tool, tool.Input!)));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Chat_CachedInputAndTools(bool stream)
    {
        var completion = OpenAiChatCompletion.Saying("Let me see.").ToolCall("call_1", "read_file", """{"path":"a b c"}""") with { Usage = new OpenAiUsage(5047, 105, 5000, 64) };

        var record = await ExchangeAsync(Models.Chat, stream ? completion.Streaming(includeUsage: true) : completion.Blocking());

        Assert.Equal(("completed", 47, 105, 5000, 64), (record.Outcome, record.Input, record.Output, record.CacheRead, record.Reasoning));
        Assert.Equal(("call_1", "read_file", """{"path":"a b c"}"""), record.Tools.Select(tool => (tool.ToolCallId, tool.Tool, tool.Input)).Single());
    }

    [Theory]
    [InlineData(false, "completed", "completed", null)]
    [InlineData(true, "completed", "completed", null)]
    [InlineData(true, "incomplete", "completed", null)]
    [InlineData(false, "incomplete", "completed", null)]
    [InlineData(true, "failed", "provider_error", "server_error")]
    [InlineData(false, "failed", "provider_error", "server_error")]
    public async Task Responses_ReasoningAndParallelCalls(bool stream, string status, string outcome, string? error)
    {
        var response = new OpenAiResponse().Reasoning("Adding it up.", "gAAAAencrypted").FunctionCall("call_1", "add", """{"a":3,"b":5}""").FunctionCall("call_2", "ls", "{}").Text("Done so.")
            with
        { Status = status, Usage = new OpenAiUsage(12_033, 128, 11_904, 128) };

        var record = await ExchangeAsync(Models.Responses, stream ? response.Streaming() : response.Blocking());

        Assert.Equal((outcome, error, 129, 128, 11_904, 128), (record.Outcome, record.Error, record.Input, record.Output, record.CacheRead, record.Reasoning));
        Assert.Equal(["add", "ls"], record.Tools.Select(tool => tool.Tool));
    }

    [Fact]
    public async Task Responses_CustomTool_KeepsItsRawInput()
    {
        var record = await ExchangeAsync(Models.Responses, FakeReply.Sse(
            SseFrame.Named("response.custom_tool_call_input.delta", """{"type":"response.custom_tool_call_input.delta","delta":"*** Begin"}"""),
            SseFrame.Named("response.output_item.done", """{"type":"response.output_item.done","item":{"type":"custom_tool_call","call_id":"call_1","name":"apply_patch","input":"*** Begin Patch\n+ü"}}"""),
            SseFrame.Named("response.completed", """{"type":"response.completed","response":{"status":"completed","usage":{"input_tokens":9,"output_tokens":3}}}""")));

        Assert.Equal(("call_1", "apply_patch", "*** Begin Patch\n+ü"), record.Tools.Select(tool => (tool.ToolCallId, tool.Tool, tool.Input)).Single());
        Assert.Equal((9, 3), (record.Input, record.Output));
    }

    public static TheoryData<string, string, string, string?> Streams { get; } = new()
    {
        // a stream_error: exactly the provider's one error event
        { Models.Messages, string.Concat(AnthropicMessage.Saying("Hi.").Frames().Take(2)) + AnthropicError.Frame("overloaded_error", "Overloaded"), "provider_error", "overloaded_error" },
        { Models.Chat, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\ndata: {\"error\":{\"message\":\"m\",\"type\":\"server_error\"}}\n\ndata: [DONE]\n\n", "provider_error", "server_error" },
        { Models.Responses, string.Concat(OpenAiResponse.Saying("Hi.").Frames().Take(3)) + OpenAiError.ResponsesFrame("rate_limit_exceeded", "m"), "provider_error", "rate_limit_exceeded" },

        // an end that is no end
        { Models.Messages, string.Concat(AnthropicMessage.Saying("Hi.").Frames().SkipLast(1)), "provider_error", "upstream_incomplete" },
        { Models.Chat, "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n", "provider_error", "upstream_incomplete" },
        { Models.Responses, string.Concat(OpenAiResponse.Saying("Hi.").Frames().SkipLast(1)), "provider_error", "upstream_incomplete" },
        { Models.Messages, "", "provider_error", "upstream_incomplete" },

        // a wrong_response_format: broken lines, other line ends, unknown events, no JSON, a byte order mark
        { Models.Responses, "event: response.created\nda\nta: {\"type\":\"response.created\"}\n\nevent: response.completed\nda\nta: {\"type\":\"response.completed\"}\n\n", "provider_error", "upstream_incomplete" },
        { Models.Messages, "nonsense\r\n\r\n: comment\r\rdata\ndata: {broken\n\nevent: brand_new\ndata: {\"type\":\"brand_new\",\"x\":[]}\n\nevent: message_stop\ndata: {\"type\":\"message_stop\"}\n\n", "completed", null },
        { Models.Chat, "\uFEFFdata: {\"choices\":[]}\r\n\r\ndata:[DONE]\r\n\r\n", "completed", null },
        { Models.Chat, "data: <html>\n\ndata: [DONE]\n\n", "completed", null },
    };

    [Theory]
    [MemberData(nameof(Streams))]
    public async Task Stream_OfAnyKind_IsRelayedByteForByte(string dialect, string text, string outcome, string? error)
    {
        foreach (var reply in new[] { FakeReply.Sse(text), FakeReply.Sse(text).SplitEvery(3) })
        {
            var record = await ExchangeAsync(dialect, reply);

            Assert.Equal((200, outcome, error, true), (record.Status, record.Outcome, record.Error, record.Streaming));
        }
    }

    [Theory]
    [InlineData(Models.Messages, 400, "application/json", """{"type":"error","error":{"type":"invalid_request_error","message":"prompt is too long"},"request_id":"req_1"}""", "invalid_request_error")]
    [InlineData(Models.Messages, 529, "application/json; charset=utf-8", """{"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}""", "overloaded_error")]
    [InlineData(Models.Chat, 400, "application/json", """{"error":{"message":"m","type":"invalid_request_error","param":"messages","code":"context_length_exceeded"}}""", "invalid_request_error")]
    [InlineData(Models.Responses, 403, "application/json", """{ "error" : {"message":"m","type":null,"code":"model_not_found"} }""", "model_not_found")]
    [InlineData(Models.Responses, 502, "text/plain", "bad gateway\n", "http_502")]
    [InlineData(Models.Messages, 503, "text/html", "<html>down</html>", "http_503")]
    [InlineData(Models.Messages, 500, "application/json", "{\"truncated", "http_500")]
    [InlineData(Models.Chat, 500, "application/json", "", "http_500")]
    public async Task ErrorReply_OfAnyKind_IsRelayedByteForByte(string dialect, int status, string contentType, string body, string error)
    {
        foreach (var stream in new[] { false, true })
        {
            Bench.Expect(dialect).Reply(FakeReply.Text(status, contentType, body));
            using var reply = await Bench.SendAsync(Bench.Request(dialect, stream));

            Assert.Equal((status, contentType, body), ((int)reply.StatusCode, reply.Content.Headers.ContentType?.ToString(), await reply.Content.ReadAsStringAsync(Timeouts.Token)));
            var record = await Bench.RecordedAsync(reply);
            Assert.Equal((status, "provider_error", error), (record.Status, record.Outcome, record.Error));
        }
    }

    [Theory]
    [InlineData(Models.Responses, "{\"id\":\"resp_1\",\"output\":[{\"type\":\"message\"", "provider_error")]
    [InlineData(Models.Messages, "not json", "provider_error")]
    [InlineData(Models.Chat, "[]", "provider_error")]
    [InlineData(Models.Messages, "", "provider_error")]
    [InlineData(Models.Messages, "{\"id\":\"msg\",\"unknown\":{\"deep\":[1.0e-7]},\"content\":[]}  \n", "completed")]
    public async Task JsonReply_OfAnyKind_IsRelayedByteForByte(string dialect, string body, string outcome)
    {
        var record = await ExchangeAsync(dialect, FakeReply.Json(200, body));

        Assert.Equal((200, outcome, null), (record.Status, record.Outcome, record.Input));
    }

    [Fact]
    public async Task ReplyHeaders_AreRelayed_AndOnlyTheRecordsIdIsAdded()
    {
        (string Name, string Value)[] sent =
        [
            ("request-id", "req_1"), ("x-request-id", "req_2"), ("Retry-After", "3"), ("anthropic-ratelimit-unified-5h-utilization", "0.42"), ("anthropic-organization-id", "org"),
            ("x-ratelimit-remaining-tokens", "99"), ("openai-processing-ms", "12"), ("x-codex-primary-used-percent", "4"), ("X-Trinity-Interception-Id", "of a bridge behind this one"),
            ("Cache-Control", "no-cache, no-transform"),
        ];
        Bench.Expect(Models.Messages).Reply(sent.Aggregate(Models.Blocking(Models.Messages), (reply, header) => reply.WithHeader(header.Name, header.Value)).WithHeader("Vary", "a").WithHeader("Vary", "b"));

        using var reply = await Bench.SendAsync(Bench.Request(Models.Messages));

        foreach (var (name, value) in sent.Where(header => !header.Name.StartsWith("X-Trinity", StringComparison.Ordinal)))
        {
            Assert.Contains(value, reply.Headers.NonValidated[name].ToString(), StringComparison.Ordinal);
        }

        Assert.Equal(["a", "b"], reply.Headers.Vary);
        Assert.True(Guid.TryParse(reply.Headers.GetValues("X-Trinity-Interception-Id").Single(), out _));
        Assert.False(reply.Headers.Contains("Server") || reply.Headers.Contains("X-Powered-By"));
        Assert.Equal(Models.Blocking(Models.Messages).BodyBytes().Length, reply.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData(Models.Messages, """{"model":"claude-opus-4-6","thinking":{"type":"adaptive"},"system":[{"type":"text","text":"x-anthropic-billing-header: a","cache_control":{"type":"ephemeral","ttl":"1h"}}],"context_management":{"edits":[]},"messages":[{"role":"assistant","content":[{"type":"thinking","thinking":"ü","signature":"c2ln"},{"type":"redacted_thinking","data":"x=="}]}],"brand_new":{"z":1.0,"a":1e5}}""")]
    [InlineData(Models.Chat, """{"model":"m","parallel_tool_calls":null,"tools":[],"n":2,"unknown":[{}]}""")]
    [InlineData(Models.Responses, """{"model":"gpt-5","input":[{"type":"reasoning","encrypted_content":"gAAA"},{"type":"custom_tool_call_output","call_id":"c"}],"previous_response_id":"resp_1","conversation":"conv_1","prompt_cache_key":"k","store":false,"include":["reasoning.encrypted_content"],"background":true}""")]
    public async Task RequestBody_OfAnyKind_ArrivesByteForByte(string dialect, string body)
    {
        var bytes = Encoding.UTF8.GetBytes(body);
        Bench.Expect(dialect).Where("not a byte differs", seen => seen.Body.Span.SequenceEqual(bytes)).Reply(Models.Blocking(dialect));

        using var reply = await Bench.SendAsync(Bench.Post($"/{Models.Provider(dialect)}{Models.Path(dialect)}", body));

        Assert.Equal("completed", (await Bench.RecordedAsync(reply)).Outcome);
    }

    [Theory]
    [InlineData("{\"type\":\"message\",\"usage\":{\"input_tokens\":\"12\",\"output_tokens\":1}}")]
    [InlineData("{\"type\":\"message\",\"usage\":{\"input_tokens\":-5,\"output_tokens\":1}}")]
    [InlineData("{\"type\":\"message\",\"usage\":{\"input_tokens\":9223372036854775807,\"output_tokens\":9223372036854775807}}")]
    [InlineData("{\"type\":\"message\",\"usage\":{\"input_tokens\":1e99,\"output_tokens\":1.5}}")]
    [InlineData("{\"type\":\"message\",\"usage\":null}")]
    public async Task Usage_ThatIsNone_IsRecordedAsUnknown(string body)
    {
        var record = await ExchangeAsync(Models.Messages, FakeReply.Json(200, body));

        Assert.Equal(("completed", null, null), (record.Outcome, record.Input, record.Output));
    }

    [Fact]
    public async Task Reply_TooLongToBeUnderstood_IsRelayedWithItsUsageUnknown()
    {
        var record = await ExchangeAsync(Models.Messages, FakeReply.Json(200, $$"""{"text":"{{new string('x', 9 * 1024 * 1024)}}","usage":{"input_tokens":1,"output_tokens":2} }"""));

        Assert.Equal(("completed", null), (record.Outcome, record.Input));
    }

    [Fact]
    public async Task Event_TooLongToBeUnderstood_IsRelayedAndTheRestIsRead()
    {
        var record = await ExchangeAsync(Models.Messages, FakeReply.Sse(
            [$"event: content_block_delta\ndata: {new string('x', 9 * 1024 * 1024)}\n\n", .. AnthropicMessage.Saying("Hi.").Frames()]));

        Assert.Equal(("completed", 12, 34), (record.Outcome, record.Input, record.Output));
    }

    [Fact]
    public async Task Redirect_IsRelayedNotFollowed()
    {
        Bench.Expect(Models.Messages).Reply(FakeReply.Redirect("http://169.254.169.254/latest/meta-data"));

        using var reply = await Bench.SendAsync(Bench.Request(Models.Messages));

        Assert.Equal(307, (int)reply.StatusCode);
    }

    /// <summary>Sends a request, asserts that its reply arrives byte for byte, and returns the record.</summary>
    private async Task<RecordedInterception> ExchangeAsync(string dialect, FakeReply answer)
    {
        Bench.Expect(dialect).Reply(answer);
        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream: answer.Chunked));
        Assert.Equal(answer.BodyBytes(), await reply.Content.ReadAsByteArrayAsync(Timeouts.Token));
        Assert.Equal(answer.Headers.First(header => header.Key == "Content-Type").Value, reply.Content.Headers.ContentType?.ToString());
        return await Bench.RecordedAsync(reply);
    }
}
