using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>The three dialects as tables name them: where a request goes and what a model says there.</summary>
internal static class Models
{
    public const string Messages = "messages";
    public const string Chat = "chat";
    public const string Responses = "responses";

    public const string AnthropicPing = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
    public const string OpenAiPing = ": ping\n\n";

    public static string Provider(string dialect) => dialect == Messages ? "anthropic" : "openai";

    public static TheoryData<string, bool> DialectsAndModes { get; } = new()
    {
        { Messages, false }, { Messages, true }, { Chat, false }, { Chat, true }, { Responses, false }, { Responses, true },
    };

    /// <summary>Below the provider; also the upstream's, whose base URLs in <see cref="TestBench"/> end alike.</summary>
    public static string Path(string dialect) => dialect switch
    {
        Messages => "/v1/messages",
        Chat => "/v1/chat/completions",
        _ => "/v1/responses",
    };

    public static HttpRequestMessage Request(this TestBench bench, string dialect, bool stream = false, string? provider = null) =>
        bench.Post($"/{provider ?? Provider(dialect)}{Path(dialect)}", Json(stream));

    // "stream_options" keeps the bridge from asking for usage in the client's name; UsageInjectionTests do without.
    public static string Json(bool stream) => stream ? """{"model":"m","stream":true,"stream_options":{"include_usage":true}}""" : """{"model":"m"}""";

    public static FakeExpectation Expect(this TestBench bench, string dialect) => bench.Upstream.Expect("POST", Path(dialect));

    public static FakeReply Streaming(string dialect, string text = "Hello to you.") => dialect switch
    {
        Messages => AnthropicMessage.Saying(text).Streaming(),
        Chat => OpenAiChatCompletion.Saying(text).Streaming(includeUsage: true),
        _ => OpenAiResponse.Saying(text).Streaming(),
    };

    public static FakeReply Blocking(string dialect, string text = "Hello to you.") => dialect switch
    {
        Messages => AnthropicMessage.Saying(text).Blocking(),
        Chat => OpenAiChatCompletion.Saying(text).Blocking(),
        _ => OpenAiResponse.Saying(text).Blocking(),
    };

    public static string Ping(string dialect) => dialect == Messages ? AnthropicPing : OpenAiPing;

    /// <summary>The beginning of the events that end a stream with an error of the bridge's own.</summary>
    public static string ErrorEvent(string dialect, string code) => dialect switch
    {
        Messages => $"event: error\ndata: {{\"type\":\"error\",\"error\":{{\"type\":\"{(code == "upstream_idle" ? "timeout_error" : "api_error")}\",\"message\":\"{code}: ",
        Chat => "data: {\"error\":{\"message\":\"",
        _ => $"event: error\ndata: {{\"type\":\"error\",\"code\":\"{code}\",\"message\":\"",
    };

    public static string ErrorEnd(string dialect, string code) => dialect switch
    {
        Messages => "\"}\n\n",
        Chat => $"\"type\":\"server_error\",\"param\":null,\"code\":\"{code}\"}}}}\n\ndata: [DONE]\n\n",
        _ => "\"param\":null}\n\n",
    };
}
