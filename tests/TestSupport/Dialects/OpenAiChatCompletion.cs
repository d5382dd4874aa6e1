using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Trinity.TestSupport.Providers;

namespace Trinity.TestSupport.Dialects;

/// <summary>A reply of OpenAI's chat completions API, blocking or streamed.</summary>
public sealed record OpenAiChatCompletion
{
    public string Id { get; init; } = "chatcmpl-trinity0001";

    public string Model { get; init; } = "gpt-5-mini";

    /// <summary>Null = <c>tool_calls</c> when there are some, else <c>stop</c>.</summary>
    public string? FinishReason { get; init; }

    public OpenAiUsage Usage { get; init; } = new();

    public string? Content { get; init; }

    internal ImmutableList<(string Id, string Name, string Arguments)> ToolCalls { get; init; } = [];

    private string EffectiveFinishReason => FinishReason ?? (ToolCalls.IsEmpty ? "stop" : "tool_calls");

    /// <summary>A reply that is one text.</summary>
    public static OpenAiChatCompletion Saying(string text) => new() { Content = text };

    /// <summary>Adds a call; the arguments are a JSON object, as text.</summary>
    public OpenAiChatCompletion ToolCall(string id, string name, string arguments) => this with { ToolCalls = ToolCalls.Add((id, name, arguments)) };

    /// <summary>Streaming or blocking, with or without the usage chunk, as the request asks.</summary>
    public FakeReply For(FakeRequest request) => request.WantsStream ? Streaming(AsksForUsage(request)) : Blocking();

    public FakeReply Blocking() => FakeReply.Json(200, BlockingJson()).WithHeader("x-request-id", "req_trinity0001");

    public FakeReply Streaming(bool includeUsage) => FakeReply.Sse(Frames(includeUsage)).WithHeader("x-request-id", "req_trinity0001");

    public string BlockingJson()
    {
        var message = new JsonObject { ["role"] = "assistant", ["content"] = Content, ["refusal"] = null, ["annotations"] = new JsonArray() };
        if (!ToolCalls.IsEmpty)
        {
            message["tool_calls"] = new JsonArray([.. ToolCalls.Select(call => ToolCallJson(call.Id, call.Name, call.Arguments))]);
        }

        var completion = Envelope("chat.completion");
        completion["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["message"] = message, ["logprobs"] = null, ["finish_reason"] = EffectiveFinishReason });
        completion["usage"] = Usage.ToChatJson();
        return completion.ToJsonString();
    }

    /// <summary>The events of the stream, in order; usage comes in a last chunk without choices, and only when asked for.</summary>
    public IReadOnlyList<string> Frames(bool includeUsage)
    {
        List<JsonObject> deltas = [new JsonObject { ["role"] = "assistant", ["content"] = Content is null ? null : "", ["refusal"] = null }];
        deltas.AddRange(Content is null ? [] : SseFrame.Deltas(Content).Select(text => new JsonObject { ["content"] = text }));
        deltas.AddRange(ToolCalls.SelectMany((call, index) => ToolCallDeltas(index, call.Id, call.Name, call.Arguments)));

        List<JsonObject> chunks = [.. deltas.Select(delta => Chunk(delta, finishReason: null, includeUsage)), Chunk([], EffectiveFinishReason, includeUsage)];
        if (includeUsage)
        {
            var usage = Envelope("chat.completion.chunk");
            usage["choices"] = new JsonArray();
            usage["usage"] = Usage.ToChatJson();
            chunks.Add(usage);
        }

        return [.. chunks.Select(SseFrame.Unnamed), SseFrame.Done];
    }

    private JsonObject Chunk(JsonObject delta, string? finishReason, bool includeUsage)
    {
        var chunk = Envelope("chat.completion.chunk");
        chunk["choices"] = new JsonArray(new JsonObject { ["index"] = 0, ["delta"] = delta, ["logprobs"] = null, ["finish_reason"] = finishReason });
        if (includeUsage)
        {
            chunk["usage"] = null;
        }

        return chunk;
    }

    private static IEnumerable<JsonObject> ToolCallDeltas(int index, string id, string name, string arguments)
    {
        var first = ToolCallJson(id, name, "");
        first["index"] = index;
        var rest = SseFrame.Deltas(arguments).Select(part => new JsonObject { ["index"] = index, ["function"] = new JsonObject { ["arguments"] = part } });
        return rest.Prepend(first).Select(call => new JsonObject { ["tool_calls"] = new JsonArray(call) });
    }

    private static JsonObject ToolCallJson(string id, string name, string arguments) => new()
    {
        ["id"] = id,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = name, ["arguments"] = arguments },
    };

    private JsonObject Envelope(string kind) => new()
    {
        ["id"] = Id,
        ["object"] = kind,
        ["created"] = 1_760_000_000,
        ["model"] = Model,
        ["service_tier"] = "default",
        ["system_fingerprint"] = "fp_trinity",
    };

    private static bool AsksForUsage(FakeRequest request) =>
        request.TryGetJson("stream_options") is { ValueKind: JsonValueKind.Object } options
        && options.TryGetProperty("include_usage", out var include)
        && include.ValueKind == JsonValueKind.True;
}
