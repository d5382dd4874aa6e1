using System.Text;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>OpenAI chat streams tell their usage only when asked: the bridge asks for clients that did not, and they cannot tell.</summary>
public sealed class UsageInjectionTests : IAsyncLifetime
{
    private const string Member = "\"stream_options\":{\"include_usage\":true},";

    private static readonly OpenAiChatCompletion Answer =
        OpenAiChatCompletion.Saying("Hello there, ü😀.").ToolCall("call_1", "f", """{"a": 1}""") with { Usage = new OpenAiUsage(100, 20, 90, 8) };

    private TestBench Bench { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Bench = await TestBench.StartAsync(["openai"], startBridge: false);
        await Bench.Config.AddProviderAsync("plain", "openai", Bench.UpstreamUrl("openai"), ["sk-plain-0123456789"], new ProviderSettings { IncludeUsage = false });
        await Bench.StartBridgeAsync();
    }

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    [Theory]
    [InlineData("""{"model":"m","stream":true,"messages":[]}""", false)]
    [InlineData(" {\n  \"model\": \"m\",  \"x\": 1.0e5, \"stream\" : true }\n", true)]
    public async Task Client_ThatDidNotAsk_SeesWhatItWouldHaveSeen_AndItsUsageIsRecorded(string request, bool chunked)
    {
        Bench.Expect(Models.Chat)
            .Where("one member is put in and nothing else is touched", seen => seen.BodyText == request.Insert(request.IndexOf('{', StringComparison.Ordinal) + 1, Member))
            .Reply(Answer.For);
        using var post = Bench.Post("/openai/v1/chat/completions", request);
        post.Headers.TransferEncodingChunked = chunked;

        using var reply = await Bench.SendAsync(post);

        // The chunks differ by "usage":null, which the provider itself writes once it is asked.
        var seenByClient = await reply.Content.ReadAsStringAsync(Timeouts.Token);
        Assert.Equal(string.Concat(Answer.Frames(includeUsage: false)), seenByClient.Replace(",\"usage\":null", "", StringComparison.Ordinal));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((10, 20, 90, 8), (record.Input, record.Output, record.CacheRead, record.Reasoning));
        Assert.Equal(("completed", "call_1"), (record.Outcome, record.Tools.Single().ToolCallId));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(13)]
    [InlineData(1000)]
    public async Task UsageChunk_HoweverItIsCut_IsKeptBack(int bytes)
    {
        Bench.Expect(Models.Chat).Reply(Answer.Streaming(includeUsage: true).SplitEvery(bytes));

        using var reply = await Bench.SendAsync(Bench.Post("/openai/v1/chat/completions", """{"model":"m","stream":true}"""));

        Assert.Equal(
            string.Concat(Answer.Frames(includeUsage: true).Where(frame => !frame.Contains("\"choices\":[]", StringComparison.Ordinal))),
            await reply.Content.ReadAsStringAsync(Timeouts.Token));
    }

    [Theory]
    [InlineData("""{"model":"m","stream":true,"stream_options":{"include_usage":true}}""", true)]
    [InlineData("""{"model":"m","stream":true,"stream_options":{"include_usage":false}}""", false)]
    [InlineData("""{"model":"m","stream":true,"stream_options":{"include_obfuscation":true}}""", false)]
    public async Task Client_ThatSpokeOfIt_IsLeftAlone(string request, bool asked)
    {
        Bench.Expect(Models.Chat).Where("nothing is touched", seen => seen.BodyText == request).Reply(Answer.For);

        using var reply = await Bench.SendAsync(Bench.Post("/openai/v1/chat/completions", request));

        Assert.Equal(string.Concat(Answer.Frames(asked)), await reply.Content.ReadAsStringAsync(Timeouts.Token));
        Assert.Equal(asked ? 20 : null, (await Bench.RecordedAsync(reply)).Output);
    }

    [Fact]
    public async Task Setting_TurnsItOff()
    {
        const string request = """{"model":"m","stream":true}""";
        Bench.Expect(Models.Chat).Where("nothing is touched", seen => seen.BodyText == request).Reply(Answer.For);

        using var reply = await Bench.SendAsync(Bench.Post("/plain/v1/chat/completions", request));

        Assert.Equal(string.Concat(Answer.Frames(includeUsage: false)), await reply.Content.ReadAsStringAsync(Timeouts.Token));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal(("completed", null), (record.Outcome, record.Output)); // unknown, not zero
    }

    [Theory]
    [InlineData("/openai/v1/responses", """{"model":"m","stream":true}""")]
    [InlineData("/openai/v1/chat/completions", """{"model":"m","stream":false}""")]
    public async Task OtherRequests_AreLeftAlone(string path, string request)
    {
        Bench.Upstream.Expect("POST", path["/openai".Length..]).Where("nothing is touched", seen => seen.BodyText == request).Reply(FakeReply.Json(200, "{}"));

        using var reply = await Bench.SendAsync(Bench.Post(path, request));

        Assert.Equal("{}", await reply.Content.ReadAsStringAsync(Timeouts.Token));
    }

    [Fact]
    public async Task ErrorReply_ToAnEditedRequest_IsRelayedIntact()
    {
        var error = OpenAiError.Reply(400, "invalid_request_error", "Too long.", "context_length_exceeded");
        Bench.Expect(Models.Chat).Reply(error);

        using var reply = await Bench.SendAsync(Bench.Post("/openai/v1/chat/completions", """{"model":"m","stream":true}"""));

        Assert.Equal((400, error.BodyText()), ((int)reply.StatusCode, await reply.Content.ReadAsStringAsync(Timeouts.Token)));
    }

    [Fact]
    public async Task Failover_SendsTheEditedRequestAgain()
    {
        const string request = """{"model":"m","stream":true}""";
        await Bench.Bridge.WhenAppliedAsync(await Bench.Config.SetKeysAsync("openai", "sk-first-key-0123456789", "sk-second-key-0123456789"));
        var edited = Encoding.UTF8.GetBytes(request.Insert(1, Member));
        Bench.Expect(Models.Chat).Where("edited once", seen => seen.Body.Span.SequenceEqual(edited)).Reply(FakeReply.TooManyRequests());
        Bench.Expect(Models.Chat).Where("edited once", seen => seen.Body.Span.SequenceEqual(edited)).Reply(Answer.For);

        using var reply = await Bench.SendAsync(Bench.Post("/openai/v1/chat/completions", request));

        Assert.Equal((20, 2), ((await Bench.RecordedAsync(reply)).Output, (await Bench.RecordedAsync(reply)).Attempts));
    }
}
