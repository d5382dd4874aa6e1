using System.Globalization;
using System.Text;

namespace Trinity.AiBridge.FunctionalTests.Transcripts;

/// <summary>What the provider of a transcript answers: a body, or a whole reply that begins with its status line.</summary>
internal sealed record TranscriptReply(int Status, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    private const string EventStream = "text/event-stream; charset=utf-8";

    public bool IsEventStream => Headers.Any(header => header.Name == "Content-Type" && header.Value.StartsWith("text/event-stream", StringComparison.Ordinal));

    public static TranscriptReply Read(TranscriptFile file, string mode)
    {
        _ = file.TryGet(mode, mode, out var bytes, out _);
        if (!bytes.AsSpan().StartsWith("HTTP/"u8))
        {
            return new TranscriptReply(200, [("Content-Type", mode == Transcript.Streaming ? EventStream : "application/json")], bytes!);
        }

        var raw = RawMessage.Parse(file, mode, bytes!);
        return raw.FirstLine.Split(' ') is [_, { Length: 3 } status, ..] && int.TryParse(status, CultureInfo.InvariantCulture, out var code)
            ? new TranscriptReply(code, raw.Headers, raw.Body)
            : throw file.Error(mode, $"has no status in its first line: {raw.FirstLine}");
    }

    /// <summary>The ways in which the same bytes may come over the wire.</summary>
    public IEnumerable<string> Cuts => IsEventStream ? ["whole", "event by event", "7 bytes", "byte by byte"] : ["whole", "7 bytes"];

    public FakeReply Cut(string cut)
    {
        var reply = new FakeReply { Status = Status, Pieces = [Body], Chunked = IsEventStream };
        reply = Headers.Aggregate(reply, (with, header) => with.WithHeader(header.Name, header.Value));
        return cut switch
        {
            "whole" => reply,
            "event by event" => reply.SplitAt(EventEnds()),
            "7 bytes" => reply.SplitEvery(7),
            "byte by byte" => reply.SplitEvery(1),
            _ => throw new ArgumentOutOfRangeException(nameof(cut), cut, "no such cut"),
        };
    }

    private int[] EventEnds()
    {
        var ends = new List<int>();
        var text = Encoding.Latin1.GetString(Body);
        foreach (var end in new[] { "\n\n", "\r\n\r\n", "\r\r" })
        {
            for (var at = text.IndexOf(end, StringComparison.Ordinal); at >= 0; at = text.IndexOf(end, at + end.Length, StringComparison.Ordinal))
            {
                ends.Add(at + end.Length);
            }
        }

        ends.Sort();
        return [.. ends];
    }
}
