using System.Text.Json;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Providers.Anthropic;

/// <summary>Usage of a Messages reply. In a stream the values of <c>message_delta</c> are cumulative: the last one counts.</summary>
internal sealed class MessagesUsageReader : IUsageReader
{
    private readonly ToolCalls _tools = new();
    private long? _input;
    private long? _output;
    private long _cacheRead;
    private long _cacheWrite;

    public TokenUsage? Usage => _input is { } input && _output is { } output ? new TokenUsage(input, output, _cacheRead, _cacheWrite, 0) : null;

    public IReadOnlyList<ToolUsage> Tools => _tools.ToList();

    public bool Finished { get; private set; }

    public string? Error { get; private set; }

    public void OnEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        // Most events are text deltas; only those that carry what we read are parsed.
        if (!Matters(name, data) || JsonReading.TryParseObject(data) is not { } document)
        {
            return;
        }

        using (document)
        {
            var root = document.RootElement;
            switch (root.String("type"))
            {
                case "message_start" when root.Object("message") is { } message:
                    ReadUsage(message);
                    break;
                case "message_delta":
                    ReadUsage(root);
                    break;
                case "message_stop":
                    Finished = true;
                    break;
                case "content_block_start" when root.Object("content_block") is { } block && IsToolUse(block):
                    _tools.Add(root.Long("index") ?? 0, block.String("id"), block.String("name"), null);
                    break;
                case "content_block_delta" when root.Object("delta") is { } delta && delta.Is("type", "input_json_delta"u8):
                    _tools.Add(root.Long("index") ?? 0, null, null, delta.String("partial_json"));
                    break;
                case "error":
                    Error = root.Object("error")?.String("type") ?? "error";
                    break;
            }
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
            var root = document.RootElement;
            if (root.Is("type", "error"u8))
            {
                Error = root.Object("error")?.String("type") ?? "error";
                return;
            }

            Finished = true;
            ReadUsage(root);
            var index = 0;
            foreach (var block in root.Array("content")?.EnumerateArray() ?? default)
            {
                if (block.ValueKind == JsonValueKind.Object && IsToolUse(block))
                {
                    _tools.Add(index, block.String("id"), block.String("name"), block.Object("input")?.RawText());
                }

                index++;
            }
        }
    }

    private static bool Matters(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data) =>
        name.IsEmpty
        || !(name.SequenceEqual("content_block_delta"u8) || name.SequenceEqual("ping"u8) || name.SequenceEqual("content_block_stop"u8))
        || data.IndexOf("input_json_delta"u8) >= 0;

    private static bool IsToolUse(JsonElement block) => block.Is("type", "tool_use"u8) || block.Is("type", "server_tool_use"u8) || block.Is("type", "mcp_tool_use"u8);

    private void ReadUsage(JsonElement parent)
    {
        if (parent.Object("usage") is not { } usage)
        {
            return;
        }

        _input = usage.Count("input_tokens") ?? _input;
        _output = usage.Count("output_tokens") ?? _output;
        _cacheRead = usage.Count("cache_read_input_tokens") ?? _cacheRead;
        _cacheWrite = usage.Count("cache_creation_input_tokens") ?? _cacheWrite;
    }
}
