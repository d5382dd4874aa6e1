using System.Text;
using Trinity.TestSupport.Dialects;

namespace Trinity.Bench.Micro;

/// <summary>What the upstream answers.</summary>
internal static class BenchReply
{
    public const int Events = 50;

    private const int EventsAroundText = 6; // message_start, content_block_start, ping, content_block_stop, message_delta, message_stop

    /// <summary>A stream of 50 events, each as it goes over the wire.</summary>
    public static IReadOnlyList<byte[]> Stream { get; } = Frames();

    public static byte[] Json { get; } = Encoding.UTF8.GetBytes(AnthropicMessage.Saying("Hello, how can I help you today?").BlockingJson());

    private static byte[][] Frames()
    {
        var frames = AnthropicMessage.Saying(string.Join(' ', Enumerable.Range(0, Events - EventsAroundText).Select(word => $"word-{word}"))).Frames();
        return frames.Count == Events ? [.. frames.Select(Encoding.UTF8.GetBytes)] : throw new InvalidOperationException($"The stream has {frames.Count} events, not {Events}.");
    }
}
