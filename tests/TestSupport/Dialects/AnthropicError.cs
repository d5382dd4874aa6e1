using System.Text.Json.Nodes;
using Trinity.TestSupport.Providers;

namespace Trinity.TestSupport.Dialects;

/// <summary>Errors in Anthropic's shape: as a reply, or as the event that ends a stream.</summary>
public static class AnthropicError
{
    public static FakeReply Reply(int status, string type, string message) =>
        FakeReply.Json(status, Body(type, message).ToJsonString()).WithHeader("request-id", "req_trinity0001");

    public static FakeReply Overloaded() => Reply(529, "overloaded_error", "The fake provider is overloaded.");

    public static string Frame(string type, string message) => SseFrame.Typed(Body(type, message));

    private static JsonObject Body(string type, string message) => new()
    {
        ["type"] = "error",
        ["error"] = new JsonObject { ["type"] = type, ["message"] = message },
        ["request_id"] = "req_trinity0001",
    };
}
