using System.Text;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Usage;

public sealed class SseFrameParserTests
{
    private static readonly byte[] Sample = Encoding.UTF8.GetBytes(
        "\uFEFFevent: a\ndata: 1\n\n: a comment\n\nid: 7\ndata: two\ndata: lines ü€😀\r\n\r\ndata\ndata:\rdata:  spaced\r\revent: without data\n\nretry: 5\nevent: old\nevent: b\ndata:{\"x\":\"…\"}\n\n");

    private static readonly (string Name, string Data)[] SampleFrames = [("a", "1"), ("", "two\nlines ü€😀"), ("", "\n\n spaced"), ("b", "{\"x\":\"…\"}")];

    [Fact]
    public void Append_CutAnywhereInTwo_ReportsTheSameFrames()
    {
        for (var cut = 0; cut <= Sample.Length; cut++)
        {
            Assert.Equal(SampleFrames, CollectedFrames.Of(Sample, cut));
        }
    }

    [Fact]
    public void Append_CutAnywhereInThree_ReportsTheSameFrames()
    {
        for (var first = 0; first <= Sample.Length; first++)
        {
            for (var second = first; second <= Sample.Length; second++)
            {
                Assert.Equal(SampleFrames, CollectedFrames.Of(Sample, first, second));
            }
        }
    }

    [Fact]
    public void Append_ByteByByte_ReportsTheSameFrames() =>
        Assert.Equal(SampleFrames, CollectedFrames.Of(Sample, [.. Enumerable.Range(1, Sample.Length - 1)]));

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public void Append_AnyLineEnd_EndsLinesAndFrames(string end) =>
        Assert.Equal([("n", "1\n2"), ("", "3")], CollectedFrames.Of(Encoding.UTF8.GetBytes($"event: n{end}data: 1{end}data: 2{end}{end}data: 3{end}{end}")));

    [Theory]
    [InlineData("data: x", "an unfinished line")]
    [InlineData("data: x\n", "an unfinished event")]
    [InlineData(": only a comment\n\n", "a comment")]
    [InlineData("event: x\nid: 1\n\n", "an event without data")]
    [InlineData("da\nta: x\n\n", "a field name that is cut")]
    [InlineData(" data: x\n\n", "a field name with a blank before")]
    [InlineData("\n\n\n\r\r\r\n", "empty lines")]
    public void Append_NoWholeEvent_ReportsNothing(string text, string what)
    {
        Assert.NotEmpty(what);
        Assert.Empty(CollectedFrames.Of(Encoding.UTF8.GetBytes(text)));
    }

    [Fact]
    public void Append_ByteOrderMarkInside_IsPartOfTheField() =>
        Assert.Equal([("", "1")], CollectedFrames.Of("data: 1\n\n\uFEFFdata: 2\n\n"u8));

    [Fact]
    public void AtFrameBoundary_FollowsTheEvent()
    {
        using var parser = new SseFrameParser(new CollectedFrames());
        List<bool> seen = [parser.AtFrameBoundary];
        foreach (var part in new[] { "da", "ta: 1", "\n", "\n", ": c", "\n", "\n" })
        {
            parser.Append(Encoding.UTF8.GetBytes(part));
            seen.Add(parser.AtFrameBoundary);
        }

        Assert.Equal([true, false, false, false, true, false, false, true], seen);
    }

    [Fact]
    public void AtFrameBoundary_BetweenCarriageReturnAndLineFeed_WaitsForTheLineFeed()
    {
        using var parser = new SseFrameParser(new CollectedFrames());
        parser.Append("data: 1\r\n\r"u8);
        Assert.Equal((true, false), (parser.AtFrameEnd, parser.AtFrameBoundary));

        parser.Append("\n"u8);

        Assert.True(parser.AtFrameBoundary);
    }

    [Fact]
    public void Append_DataLongerThanTheLimitInOneLine_PassesTheEventOverAndReadsOn()
    {
        var collected = new CollectedFrames();
        using var parser = new SseFrameParser(collected);
        var piece = new byte[64 * 1024];
        piece.AsSpan().Fill((byte)'x');
        parser.Append("data: "u8);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var sent = 0; sent < 8 * SseFrameParser.MaxFrameBytes; sent += piece.Length)
        {
            parser.Append(piece);
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        parser.Append("\n\ndata: next\n\n"u8);

        Assert.Equal([("", "next")], collected.All);
        Assert.InRange(allocated, 0, 4L * SseFrameParser.MaxFrameBytes); // what doubling to the limit takes, not eight times the limit
    }

    [Fact]
    public void Append_DataLongerThanTheLimitInManyLines_PassesTheEventOverAndReadsOn()
    {
        var collected = new CollectedFrames();
        using var parser = new SseFrameParser(collected);
        var line = Encoding.ASCII.GetBytes($"data: {new string('x', 64 * 1024)}\n");
        for (var sent = 0; sent < 2 * SseFrameParser.MaxFrameBytes; sent += line.Length)
        {
            parser.Append(line);
        }

        parser.Append("\ndata: next\n\n"u8);

        Assert.Equal([("", "next")], collected.All);
    }

    [Fact]
    public void Append_Garbage_NeverThrowsAndDoesNotDependOnTheCuts()
    {
        byte[] alphabet = [.. "data:event \r\n\n"u8, 0xef, 0xbb, 0xbf, 0xff, 0x00];
        for (var seed = 0; seed < 300; seed++)
        {
            var random = new Random(seed);
            var bytes = new byte[random.Next(1, 400)];
            for (var i = 0; i < bytes.Length; i++)
            {
                bytes[i] = random.Next(20) == 0 ? (byte)random.Next(256) : alphabet[random.Next(alphabet.Length)];
            }

            int[] cuts = [.. Enumerable.Range(0, 5).Select(_ => random.Next(bytes.Length + 1)).Order()];

            Assert.Equal(CollectedFrames.Of(bytes), CollectedFrames.Of(bytes, cuts));
        }
    }
}
