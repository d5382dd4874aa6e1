using System.Text.Json;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Providers.OpenAi;

/// <summary>Usage of a Responses reply: in a stream, the response that its closing event repeats.</summary>
internal sealed class ResponsesUsageReader : IUsageReader
{
    private readonly ToolCalls _tools = new();
    private int _items;

    public TokenUsage? Usage { get; private set; }

    public IReadOnlyList<ToolUsage> Tools => _tools.ToList();

    public bool Finished { get; private set; }

    public string? Error { get; private set; }

    public void OnEvent(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
    {
        if (!Matters(name, data) || JsonReading.TryParseObject(data) is not { } document)
        {
            return;
        }

        using (document)
        {
            var root = document.RootElement;
            switch (root.String("type"))
            {
                case "response.output_item.done" when root.Object("item") is { } item:
                    ReadItem(item);
                    break;
                case "response.completed" or "response.incomplete" or "response.failed" when root.Object("response") is { } response:
                    Finished = true;
                    ReadResponse(response);
                    break;
                case "error":
                    Error = root.String("code") ?? root.Object("error")?.String("type") ?? "error";
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
            Finished = true;
            ReadResponse(document.RootElement);
            foreach (var item in document.RootElement.Array("output")?.EnumerateArray() ?? default)
            {
                if (item.ValueKind == JsonValueKind.Object)
                {
                    ReadItem(item);
                }
            }
        }
    }

    private static bool Matters(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data) => name.IsEmpty
        ? data.IndexOf("response.output_item.done"u8) >= 0 || data.IndexOf("response.completed"u8) >= 0
            || data.IndexOf("response.incomplete"u8) >= 0 || data.IndexOf("response.failed"u8) >= 0 || data.IndexOf("\"error\""u8) >= 0
        : name.SequenceEqual("response.output_item.done"u8) || name.SequenceEqual("response.completed"u8)
            || name.SequenceEqual("response.incomplete"u8) || name.SequenceEqual("response.failed"u8) || name.SequenceEqual("error"u8);

    private void ReadItem(JsonElement item)
    {
        var type = item.String("type");
        if (type is "function_call" or "custom_tool_call")
        {
            _tools.Add(_items++, item.String("call_id"), item.String("name"), item.String("arguments") ?? item.String("input"));
        }
        else if (type is "local_shell_call" or "shell_call" or "apply_patch_call" or "web_search_call" or "mcp_call" or "file_search_call" or "code_interpreter_call")
        {
            _tools.Add(_items++, item.String("call_id") ?? item.String("id"), item.String("name") ?? type, item.Object("action")?.RawText() ?? item.String("arguments"));
        }
    }

    private void ReadResponse(JsonElement response)
    {
        if (response.Object("error") is { } error)
        {
            Error = error.String("code") ?? error.String("type") ?? "error";
        }
        else if (response.Is("status", "failed"u8))
        {
            Error = "failed";
        }

        if (response.Object("usage") is { } usage && usage.Count("input_tokens") is { } input && usage.Count("output_tokens") is { } output)
        {
            var cached = usage.Object("input_tokens_details")?.Count("cached_tokens") ?? 0;
            var reasoning = usage.Object("output_tokens_details")?.Count("reasoning_tokens") ?? 0;
            Usage = new TokenUsage(Math.Max(0, input - cached), output, cached, 0, reasoning);
        }
    }
}
