using System.Buffers;
using System.Text.Json;
using Trinity.AiBridge.Providers.Anthropic;
using Trinity.AiBridge.Providers.OpenAi;

namespace Trinity.AiBridge.Providers;

/// <summary>What we say ourselves, in each vendor's own words: error bodies, in-stream errors, keep-alive pings.</summary>
internal static class DialectWriter
{
    private static readonly byte[] CommentPing = ": ping\n\n"u8.ToArray();

    /// <summary>Bytes that keep a silent stream alive, to be put between two events.</summary>
    public static ReadOnlyMemory<byte> Ping(Dialect dialect) => dialect == Dialect.Messages ? AnthropicErrors.Ping : CommentPing;

    /// <summary>The body of an error reply.</summary>
    public static byte[] ErrorBody(Dialect dialect, BridgeError error, Guid interceptionId) => dialect == Dialect.Messages
        ? AnthropicErrors.Body(error, interceptionId)
        : OpenAiErrors.Body(error);

    /// <summary>The events that end a stream which cannot go on.</summary>
    public static byte[] StreamError(Dialect dialect, BridgeError error, Guid interceptionId) => dialect switch
    {
        Dialect.Messages => AnthropicErrors.StreamEvent(error, interceptionId),
        Dialect.Responses => OpenAiErrors.ResponsesEvent(error),
        _ => OpenAiErrors.ChatEvent(error),
    };

    /// <summary>Guesses the dialect of a request whose provider is unknown.</summary>
    public static Dialect Guess(PathString path) => path.Value switch
    {
        { } text when text.Contains("/v1/messages", StringComparison.Ordinal) => Dialect.Messages,
        { } text when text.EndsWith("/chat/completions", StringComparison.Ordinal) => Dialect.ChatCompletions,
        _ => Dialect.Responses,
    };

    internal static byte[] Json(Action<Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(256);
        using (var json = new Utf8JsonWriter(buffer))
        {
            write(json);
        }

        return buffer.WrittenSpan.ToArray();
    }

    internal static byte[] Frame(ReadOnlySpan<byte> start, ReadOnlySpan<byte> json, ReadOnlySpan<byte> end)
    {
        var frame = new byte[start.Length + json.Length + end.Length];
        start.CopyTo(frame);
        json.CopyTo(frame.AsSpan(start.Length));
        end.CopyTo(frame.AsSpan(start.Length + json.Length));
        return frame;
    }
}
