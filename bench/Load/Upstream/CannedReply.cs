using System.Globalization;
using System.Text;

namespace Trinity.Bench.Load.Upstream;

/// <summary>What the upstream answers: the same bytes each time, in the wire form of the vendor.</summary>
/// <param name="ContentType">Of the reply.</param>
/// <param name="Parts">The body: one part for JSON, one per event for a stream.</param>
internal sealed record CannedReply(string ContentType, IReadOnlyList<byte[]> Parts)
{
    /// <summary>Chunks of text in a stream, as the paced workload sends them.</summary>
    public const int Chunks = 50;

    private const string Text = "The quick brown fox jumps over the lazy dog. ";

    /// <summary>All parts in one, for a stream that is sent at once.</summary>
    public byte[] Whole { get; } = [.. Parts.SelectMany(part => part)];

    /// <param name="path">Its end names the API.</param>
    /// <param name="stream">Whether events are wanted.</param>
    public static CannedReply For(string path, bool stream)
    {
        if (path.EndsWith("/chat/completions", StringComparison.Ordinal))
        {
            return stream ? Events(ChatEvents()) : Json(Chat);
        }

        return path.EndsWith("/responses", StringComparison.Ordinal)
            ? stream ? Events(ResponseEvents()) : Json(Response)
            : stream ? Events(MessageEvents()) : Json(Message);
    }

    private const string Message =
        """{"id":"msg_01Bench","type":"message","role":"assistant","model":"bench-model","content":[{"type":"text","text":"The quick brown fox jumps over the lazy dog."}],"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":61}}""";

    private const string Chat =
        """{"id":"chatcmpl-bench","object":"chat.completion","created":1770000000,"model":"bench-model","choices":[{"index":0,"message":{"role":"assistant","content":"The quick brown fox jumps over the lazy dog."},"finish_reason":"stop"}],"usage":{"prompt_tokens":12,"completion_tokens":61,"total_tokens":73}}""";

    private const string Response =
        """{"id":"resp_bench","object":"response","created_at":1770000000,"status":"completed","model":"bench-model","output":[{"id":"msg_1","type":"message","role":"assistant","status":"completed","content":[{"type":"output_text","text":"The quick brown fox jumps over the lazy dog.","annotations":[]}]}],"usage":{"input_tokens":12,"input_tokens_details":{"cached_tokens":0},"output_tokens":61,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":73}}""";

    private static CannedReply Json(string body) => new("application/json", [Encoding.UTF8.GetBytes(body)]);

    private static CannedReply Events(IEnumerable<(string? Name, string Data)> events) => new(
        "text/event-stream",
        [.. events.Select(item => Encoding.UTF8.GetBytes(item.Name is null ? $"data: {item.Data}\n\n" : $"event: {item.Name}\ndata: {item.Data}\n\n"))]);

    private static IEnumerable<(string? Name, string Data)> MessageEvents()
    {
        yield return ("message_start", """{"type":"message_start","message":{"id":"msg_01Bench","type":"message","role":"assistant","model":"bench-model","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":12,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":1}}}""");
        yield return ("content_block_start", """{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}""");
        for (var i = 0; i < Chunks; i++)
        {
            yield return ("content_block_delta", $$$"""{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"{{{Text}}}"}}""");
        }

        yield return ("content_block_stop", """{"type":"content_block_stop","index":0}""");
        yield return ("message_delta", """{"type":"message_delta","delta":{"stop_reason":"end_turn","stop_sequence":null},"usage":{"output_tokens":61}}""");
        yield return ("message_stop", """{"type":"message_stop"}""");
    }

    private static IEnumerable<(string? Name, string Data)> ChatEvents()
    {
        const string Head = """{"id":"chatcmpl-bench","object":"chat.completion.chunk","created":1770000000,"model":"bench-model","choices":""";
        for (var i = 0; i < Chunks; i++)
        {
            yield return (null, $$$"""{{{Head}}}[{"index":0,"delta":{"content":"{{{Text}}}"},"finish_reason":null}]}""");
        }

        yield return (null, $$$"""{{{Head}}}[{"index":0,"delta":{},"finish_reason":"stop"}]}""");
        yield return (null, $$$"""{{{Head}}}[],"usage":{"prompt_tokens":12,"completion_tokens":61,"total_tokens":73}}""");
        yield return (null, "[DONE]");
    }

    private static IEnumerable<(string? Name, string Data)> ResponseEvents()
    {
        yield return ("response.created", """{"type":"response.created","sequence_number":0,"response":{"id":"resp_bench","object":"response","status":"in_progress","model":"bench-model","output":[],"usage":null}}""");
        for (var i = 0; i < Chunks; i++)
        {
            yield return ("response.output_text.delta", string.Create(CultureInfo.InvariantCulture, $$$"""{"type":"response.output_text.delta","sequence_number":{{{i + 1}}},"item_id":"msg_1","output_index":0,"content_index":0,"delta":"{{{Text}}}"}"""));
        }

        yield return ("response.completed", $$$"""{"type":"response.completed","sequence_number":51,"response":{{{Response}}}}""");
    }
}
