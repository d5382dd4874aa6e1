using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Trinity.TestSupport.Providers;

namespace Trinity.TestSupport.Dialects;

/// <summary>A reply of Anthropic's Messages API, blocking or streamed.</summary>
public sealed record AnthropicMessage
{
    public string Id { get; init; } = "msg_trinity0001";

    public string Model { get; init; } = "claude-sonnet-4-5";

    /// <summary>Null = <c>tool_use</c> when the content has a tool call, else <c>end_turn</c>.</summary>
    public string? StopReason { get; init; }

    public AnthropicUsage Usage { get; init; } = new();

    public string RequestId { get; init; } = "req_trinity0001";

    internal ImmutableList<AnthropicBlock> Blocks { get; init; } = [];

    private string EffectiveStopReason => StopReason ?? (Blocks.Any(block => block.IsToolUse) ? "tool_use" : "end_turn");

    /// <summary>A reply that is one text.</summary>
    public static AnthropicMessage Saying(string text) => new AnthropicMessage().Text(text);

    public AnthropicMessage Text(string text) => this with { Blocks = Blocks.Add(AnthropicBlock.Text(text)) };

    public AnthropicMessage Thinking(string thinking, string signature = "EqQBCgIYAhIkdHJpbml0eS10ZXN0LXNpZ25hdHVyZQ==") =>
        this with { Blocks = Blocks.Add(AnthropicBlock.Thinking(thinking, signature)) };

    /// <summary>Adds a tool call; the input is a JSON object, as text.</summary>
    public AnthropicMessage ToolUse(string id, string name, string input) =>
        this with { Blocks = Blocks.Add(AnthropicBlock.ToolUse(id, name, input)) };

    /// <summary>Streaming or blocking, as the request asks.</summary>
    public FakeReply For(FakeRequest request) => request.WantsStream ? Streaming() : Blocking();

    public FakeReply Blocking() => FakeReply.Json(200, BlockingJson()).WithHeader("request-id", RequestId);

    public FakeReply Streaming() => FakeReply.Sse(Frames()).WithHeader("request-id", RequestId);

    public string BlockingJson()
    {
        var message = Envelope(Usage.ToJson());
        message["content"] = new JsonArray([.. Blocks.Select(block => block.ToJson())]);
        message["stop_reason"] = EffectiveStopReason;
        return message.ToJsonString();
    }

    /// <summary>The events of the stream, in order.</summary>
    public IReadOnlyList<string> Frames()
    {
        List<string> frames = [SseFrame.Typed(new JsonObject { ["type"] = "message_start", ["message"] = Envelope(Usage.ToJson(Usage.OutputAtStart)) })];
        for (var index = 0; index < Blocks.Count; index++)
        {
            var blockFrames = Blocks[index].Frames(index);
            frames.AddRange(blockFrames.Take(1));
            if (index == 0)
            {
                frames.Add(SseFrame.Named("ping", """{"type": "ping"}"""));
            }

            frames.AddRange(blockFrames.Skip(1));
        }

        frames.Add(SseFrame.Typed(new JsonObject
        {
            ["type"] = "message_delta",
            ["delta"] = new JsonObject { ["stop_reason"] = EffectiveStopReason, ["stop_sequence"] = null },
            ["usage"] = Usage.ToDeltaJson(),
        }));
        frames.Add(SseFrame.Typed(new JsonObject { ["type"] = "message_stop" }));
        return frames;
    }

    private JsonObject Envelope(JsonObject usage) => new()
    {
        ["id"] = Id,
        ["type"] = "message",
        ["role"] = "assistant",
        ["model"] = Model,
        ["content"] = new JsonArray(),
        ["stop_reason"] = null,
        ["stop_sequence"] = null,
        ["usage"] = usage,
    };
}
