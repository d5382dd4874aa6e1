using System.Text.Json;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Providers.OpenAi;

/// <summary>Usage of a chat completion. Some providers send it once at the end, some with every chunk, cumulative: the last one counts.</summary>
internal sealed class ChatUsageReader : IUsageReader
{
    private readonly ToolCalls _tools = new();

    public TokenUsage? Usage { get; private set; }

    public IReadOnlyList<ToolUsage> Tools => _tools.ToList();

    public bool Finished { get; private set; }

    public string? Error { get; private set; }

    public void OnEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        if (data.SequenceEqual("[DONE]"u8))
        {
            Finished = true;
            return;
        }

        if (!Matters(data) || JsonReading.TryParseObject(data) is not { } document)
        {
            return;
        }

        using (document)
        {
            Read(document.RootElement, "delta");
        }
    }

    public void OnBody(ReadOnlyMemory<byte> json)
    {
        if (JsonReading.TryParseObject(json) is not { } document)
        {
            return;
        }

        using (document)
        {
            Read(document.RootElement, "message");
            Finished = Error is null;
        }
    }

    /// <summary>Whether a chunk is only the usage that <c>include_usage</c> adds.</summary>
    public static bool IsUsageOnly(ReadOnlySpan<byte> data)
    {
        if (data.IndexOf("\"usage\""u8) < 0 || JsonReading.TryParseObject(data) is not { } document)
        {
            return false;
        }

        using (document)
        {
            var root = document.RootElement;
            return root.Object("usage") is not null && root.Array("choices") is { } choices && choices.GetArrayLength() == 0;
        }
    }

    // Most chunks are text deltas, many with a "usage":null.
    private static bool Matters(ReadOnlySpan<byte> data)
    {
        if (data.IndexOf("\"tool_calls\""u8) >= 0 || data.IndexOf("\"error\""u8) >= 0)
        {
            return true;
        }

        var usage = data.IndexOf("\"usage\""u8);
        if (usage < 0)
        {
            return false;
        }

        var value = data[(usage + "\"usage\""u8.Length)..].TrimStart(": \t"u8);
        return value is [(byte)'{', ..];
    }

    private void Read(JsonElement root, string messageName)
    {
        if (root.Object("error") is { } error)
        {
            Error = error.String("type") ?? error.String("code") ?? "error";
        }

        if (root.Object("usage") is { } usage && usage.Count("prompt_tokens") is { } input && usage.Count("completion_tokens") is { } output)
        {
            var cached = usage.Object("prompt_tokens_details")?.Count("cached_tokens") ?? 0;
            var reasoning = usage.Object("completion_tokens_details")?.Count("reasoning_tokens") ?? 0;
            Usage = new TokenUsage(Math.Max(0, input - cached), output, cached, 0, reasoning);
        }

        foreach (var choice in root.Array("choices")?.EnumerateArray() ?? default)
        {
            if (choice.ValueKind == JsonValueKind.Object && choice.Object(messageName)?.Array("tool_calls") is { } calls)
            {
                ReadToolCalls(calls);
            }
        }
    }

    private void ReadToolCalls(JsonElement calls)
    {
        var position = 0;
        foreach (var call in calls.EnumerateArray())
        {
            if (call.ValueKind == JsonValueKind.Object)
            {
                var function = call.Object("function") ?? call.Object("custom");
                _tools.Add(call.Long("index") ?? position, call.String("id"), function?.String("name"), function?.String("arguments") ?? function?.String("input"));
            }

            position++;
        }
    }
}
