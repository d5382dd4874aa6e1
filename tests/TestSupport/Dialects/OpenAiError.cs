using System.Text.Json.Nodes;
using Trinity.TestSupport.Providers;

namespace Trinity.TestSupport.Dialects;

/// <summary>Errors in OpenAI's shape: as a reply, or as the event that ends a Responses stream.</summary>
public static class OpenAiError
{
    public static FakeReply Reply(int status, string type, string message, string? code = null) =>
        FakeReply.Json(status, new JsonObject
        {
            ["error"] = new JsonObject { ["message"] = message, ["type"] = type, ["param"] = null, ["code"] = code },
        }.ToJsonString()).WithHeader("x-request-id", "req_trinity0001");

    public static string ResponsesFrame(string code, string message, int sequenceNumber = 99) => SseFrame.Typed(new JsonObject
    {
        ["type"] = "error",
        ["code"] = code,
        ["message"] = message,
        ["param"] = null,
        ["sequence_number"] = sequenceNumber,
    });
}
