using System.Collections.Immutable;
using System.IO.Compression;

namespace Trinity.TestSupport.Providers;

public sealed partial record FakeReply
{
    /// <summary>Cuts the body anew into chunks of so many bytes (the last may be shorter).</summary>
    public FakeReply SplitEvery(int bytes) => Split(BodyBytes().Chunk(bytes).Select(piece => (ReadOnlyMemory<byte>)piece));

    /// <summary>Cuts the body anew into chunks at exactly these byte positions.</summary>
    public FakeReply SplitAt(params ReadOnlySpan<int> positions)
    {
        var body = BodyBytes();
        var pieces = ImmutableList.CreateBuilder<ReadOnlyMemory<byte>>();
        var start = 0;
        foreach (var position in positions)
        {
            pieces.Add(body.AsMemory(start..position));
            start = position;
        }

        pieces.Add(body.AsMemory(start));
        return Split(pieces);
    }

    /// <summary>The same pieces, gzip-compressed as one stream that is flushed after each piece.</summary>
    public FakeReply Gzipped()
    {
        using var compressed = new MemoryStream();
        using var gzip = new GZipStream(compressed, CompressionLevel.Fastest);
        var pieces = ImmutableList.CreateBuilder<ReadOnlyMemory<byte>>();
        for (var i = 0; i < Pieces.Count; i++)
        {
            gzip.Write(Pieces[i].Span);
            gzip.Flush();
            if (i == Pieces.Count - 1)
            {
                gzip.Dispose(); // writes the trailer into the last piece
            }

            var sent = pieces.Sum(piece => piece.Length);
            pieces.Add(compressed.ToArray().AsMemory(sent));
        }

        return (this with { Pieces = pieces.ToImmutable() }).WithHeader("Content-Encoding", "gzip");
    }

    private FakeReply Split(IEnumerable<ReadOnlyMemory<byte>> pieces) =>
        this with { Chunked = true, Pieces = [.. pieces.Where(piece => !piece.IsEmpty)] };
}
