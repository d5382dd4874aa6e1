using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Trinity.TestSupport.Providers;

namespace Trinity.TestSupport.Dialects;

/// <summary>A reply of OpenAI's Responses API, blocking or streamed.</summary>
public sealed record OpenAiResponse
{
    public string Id { get; init; } = "resp_trinity0001";

    public string Model { get; init; } = "gpt-5-codex";

    /// <summary><c>completed</c>, <c>incomplete</c> or <c>failed</c>; names the last event too.</summary>
    public string Status { get; init; } = "completed";

    public OpenAiUsage Usage { get; init; } = new();

    internal ImmutableList<OpenAiOutputItem> Items { get; init; } = [];

    /// <summary>A reply that is one text.</summary>
    public static OpenAiResponse Saying(string text) => new OpenAiResponse().Text(text);

    public OpenAiResponse Text(string text) => this with { Items = Items.Add(OpenAiOutputItem.Message($"msg_trinity{Items.Count}", text)) };

    /// <summary>A reasoning item with a summary, and with encrypted content as agents ask for it.</summary>
    public OpenAiResponse Reasoning(string summary, string? encryptedContent = null) =>
        this with { Items = Items.Add(OpenAiOutputItem.Reasoning($"rs_trinity{Items.Count}", summary, encryptedContent)) };

    /// <summary>Adds a call; the arguments are a JSON object, as text.</summary>
    public OpenAiResponse FunctionCall(string callId, string name, string arguments) =>
        this with { Items = Items.Add(OpenAiOutputItem.FunctionCall($"fc_trinity{Items.Count}", callId, name, arguments)) };

    /// <summary>Streaming or blocking, as the request asks.</summary>
    public FakeReply For(FakeRequest request) => request.WantsStream ? Streaming() : Blocking();

    public FakeReply Blocking() => FakeReply.Json(200, BlockingJson()).WithHeader("x-request-id", "req_trinity0001");

    public FakeReply Streaming() => FakeReply.Sse(Frames()).WithHeader("x-request-id", "req_trinity0001");

    public string BlockingJson() => Finished().ToJsonString();

    /// <summary>The events of the stream, in order.</summary>
    public IReadOnlyList<string> Frames()
    {
        List<JsonObject> events = [Event("response.created", Envelope("in_progress")), Event("response.in_progress", Envelope("in_progress"))];
        events.AddRange(Items.SelectMany((item, index) => item.Events(index)));
        events.Add(Event($"response.{Status}", Finished()));
        for (var number = 0; number < events.Count; number++)
        {
            events[number]["sequence_number"] = number;
        }

        return [.. events.Select(SseFrame.Typed)];
    }

    private static JsonObject Event(string type, JsonObject response) => new() { ["type"] = type, ["response"] = response };

    private JsonObject Finished()
    {
        var response = Envelope(Status);
        response["output"] = new JsonArray([.. Items.Select(item => item.Done())]);
        response["usage"] = Usage.ToResponsesJson();
        response["incomplete_details"] = string.Equals(Status, "incomplete", StringComparison.Ordinal) ? new JsonObject { ["reason"] = "max_output_tokens" } : null;
        response["error"] = string.Equals(Status, "failed", StringComparison.Ordinal)
            ? new JsonObject { ["code"] = "server_error", ["message"] = "The fake provider failed as told." }
            : null;
        return response;
    }

    private JsonObject Envelope(string status) => new()
    {
        ["id"] = Id,
        ["object"] = "response",
        ["created_at"] = 1_760_000_000,
        ["status"] = status,
        ["background"] = false,
        ["error"] = null,
        ["incomplete_details"] = null,
        ["instructions"] = null,
        ["max_output_tokens"] = null,
        ["model"] = Model,
        ["output"] = new JsonArray(),
        ["parallel_tool_calls"] = true,
        ["previous_response_id"] = null,
        ["reasoning"] = new JsonObject { ["effort"] = "medium", ["summary"] = null },
        ["service_tier"] = "default",
        ["store"] = false,
        ["temperature"] = 1.0,
        ["text"] = new JsonObject { ["format"] = new JsonObject { ["type"] = "text" } },
        ["tool_choice"] = "auto",
        ["tools"] = new JsonArray(),
        ["top_p"] = 1.0,
        ["truncation"] = "disabled",
        ["usage"] = null,
        ["user"] = null,
        ["metadata"] = new JsonObject(),
    };
}
