using System.Text.Json.Nodes;

namespace Trinity.TestSupport.Dialects;

/// <summary>One content block: whole, and as the deltas that add up to it.</summary>
/// <remarks>The node factories make new nodes on every call, because a JSON node has one parent.</remarks>
internal sealed record AnthropicBlock(bool IsToolUse, Func<JsonObject> Whole, Func<JsonObject> Start, Func<IEnumerable<JsonObject>> Deltas)
{
    public static AnthropicBlock Text(string text) => new(
        IsToolUse: false,
        () => new JsonObject { ["type"] = "text", ["text"] = text },
        () => new JsonObject { ["type"] = "text", ["text"] = "" },
        () => SseFrame.Deltas(text).Select(delta => new JsonObject { ["type"] = "text_delta", ["text"] = delta }));

    public static AnthropicBlock Thinking(string thinking, string signature) => new(
        IsToolUse: false,
        () => new JsonObject { ["type"] = "thinking", ["thinking"] = thinking, ["signature"] = signature },
        () => new JsonObject { ["type"] = "thinking", ["thinking"] = "", ["signature"] = "" },
        () => SseFrame.Deltas(thinking)
            .Select(delta => new JsonObject { ["type"] = "thinking_delta", ["thinking"] = delta })
            .Append(new JsonObject { ["type"] = "signature_delta", ["signature"] = signature }));

    public static AnthropicBlock ToolUse(string id, string name, string input) => new(
        IsToolUse: true,
        () => ToolUseJson(id, name, JsonNode.Parse(input)),
        () => ToolUseJson(id, name, new JsonObject()),
        () => SseFrame.Deltas(input).Prepend("").Select(delta => new JsonObject { ["type"] = "input_json_delta", ["partial_json"] = delta }));

    public JsonObject ToJson() => Whole();

    public IReadOnlyList<string> Frames(int index) =>
    [
        SseFrame.Typed(new JsonObject { ["type"] = "content_block_start", ["index"] = index, ["content_block"] = Start() }),
        .. Deltas().Select(delta => SseFrame.Typed(new JsonObject { ["type"] = "content_block_delta", ["index"] = index, ["delta"] = delta })),
        SseFrame.Typed(new JsonObject { ["type"] = "content_block_stop", ["index"] = index }),
    ];

    private static JsonObject ToolUseJson(string id, string name, JsonNode? input) => new()
    {
        ["type"] = "tool_use",
        ["id"] = id,
        ["name"] = name,
        ["input"] = input,
        ["caller"] = new JsonObject { ["type"] = "direct" },
    };
}
