using System.Text.Json.Nodes;

namespace Trinity.TestSupport.Dialects;

/// <summary>One output item of a Responses reply: as it starts, the events in between, and whole.</summary>
/// <remarks>The node factories make new nodes on every call, because a JSON node has one parent.</remarks>
internal sealed record OpenAiOutputItem(Func<JsonObject> Added, Func<int, IEnumerable<JsonObject>> Between, Func<JsonObject> Done)
{
    public static OpenAiOutputItem Message(string id, string text) => new(
        () => MessageJson(id, "in_progress", []),
        index =>
        [
            Content("response.content_part.added", id, index, ("part", TextPart(""))),
            .. SseFrame.Deltas(text).Select(delta => Content("response.output_text.delta", id, index, ("delta", delta), ("logprobs", new JsonArray()))),
            Content("response.output_text.done", id, index, ("text", text), ("logprobs", new JsonArray())),
            Content("response.content_part.done", id, index, ("part", TextPart(text))),
        ],
        () => MessageJson(id, "completed", new JsonArray(TextPart(text))));

    public static OpenAiOutputItem FunctionCall(string id, string callId, string name, string arguments) => new(
        () => CallJson(id, "in_progress", callId, name, ""),
        index =>
        [
            .. SseFrame.Deltas(arguments).Select(delta => Of("response.function_call_arguments.delta", id, index, ("delta", delta))),
            Of("response.function_call_arguments.done", id, index, ("name", name), ("arguments", arguments)),
        ],
        () => CallJson(id, "completed", callId, name, arguments));

    public static OpenAiOutputItem Reasoning(string id, string summary, string? encryptedContent) => new(
        () => ReasoningJson(id, [], encryptedContent),
        index =>
        [
            Summary("response.reasoning_summary_part.added", id, index, ("part", SummaryPart(""))),
            .. SseFrame.Deltas(summary).Select(delta => Summary("response.reasoning_summary_text.delta", id, index, ("delta", delta))),
            Summary("response.reasoning_summary_text.done", id, index, ("text", summary)),
            Summary("response.reasoning_summary_part.done", id, index, ("part", SummaryPart(summary))),
        ],
        () => ReasoningJson(id, new JsonArray(SummaryPart(summary)), encryptedContent));

    public IEnumerable<JsonObject> Events(int index) =>
    [
        new JsonObject { ["type"] = "response.output_item.added", ["output_index"] = index, ["item"] = Added() },
        .. Between(index),
        new JsonObject { ["type"] = "response.output_item.done", ["output_index"] = index, ["item"] = Done() },
    ];

    private static JsonObject Of(string type, string itemId, int index, params ReadOnlySpan<(string Name, JsonNode Value)> more)
    {
        var json = new JsonObject { ["type"] = type, ["item_id"] = itemId, ["output_index"] = index };
        foreach (var (name, value) in more)
        {
            json[name] = value;
        }

        return json;
    }

    private static JsonObject Content(string type, string itemId, int index, params ReadOnlySpan<(string Name, JsonNode Value)> more) =>
        Of(type, itemId, index, [("content_index", 0), .. more]);

    private static JsonObject Summary(string type, string itemId, int index, params ReadOnlySpan<(string Name, JsonNode Value)> more) =>
        Of(type, itemId, index, [("summary_index", 0), .. more]);

    private static JsonObject MessageJson(string id, string status, JsonArray content) =>
        new() { ["id"] = id, ["type"] = "message", ["status"] = status, ["content"] = content, ["role"] = "assistant" };

    private static JsonObject CallJson(string id, string status, string callId, string name, string arguments) =>
        new() { ["id"] = id, ["type"] = "function_call", ["status"] = status, ["arguments"] = arguments, ["call_id"] = callId, ["name"] = name };

    private static JsonObject ReasoningJson(string id, JsonArray summary, string? encryptedContent)
    {
        var json = new JsonObject { ["id"] = id, ["type"] = "reasoning", ["summary"] = summary };
        if (encryptedContent is not null)
        {
            json["encrypted_content"] = encryptedContent;
        }

        return json;
    }

    private static JsonObject TextPart(string text) =>
        new() { ["type"] = "output_text", ["annotations"] = new JsonArray(), ["logprobs"] = new JsonArray(), ["text"] = text };

    private static JsonObject SummaryPart(string text) => new() { ["type"] = "summary_text", ["text"] = text };
}
