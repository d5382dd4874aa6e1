using FsCheck.Fluent;
using Trinity.AiBridge.Tests.Usage;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Properties;

public sealed class SseFrameParserProperties
{
    [Fact]
    public void Frames_OfAnySplit_AreThoseOfTheReference() => PropertyCheck.Holds(EventTexts.Any, SplitBytes.Shrink, split =>
        Assert.Equal(ReferenceEvents.Read(split.Bytes).Reported, Parse(split).Frames), cases: 3000);

    [Fact]
    public void FrameBoundary_DoesNotDependOnTheSplit() => PropertyCheck.Holds(EventTexts.Any, SplitBytes.Shrink, split =>
        Assert.Equal(Parse(split with { Sizes = [int.MaxValue] }).AtBoundary, Parse(split).AtBoundary));

    [Fact]
    public void FrameEnd_IsReachedWithTheLastByteOfEveryEvent() => PropertyCheck.Holds(EventTexts.Any, SplitBytes.Shrink, split =>
    {
        using var parser = new SseFrameParser(new CollectedFrames());
        foreach (var each in ReferenceEvents.Read(split.Bytes).All)
        {
            parser.Append(each.Bytes);
            Assert.True(parser.AtFrameEnd, each.Text);
        }
    });

    [Fact]
    public void Memory_IsBounded_HoweverLongTheLinesAre() => PropertyCheck.Holds(
        from size in Gen.Choose(1000, 1 << 20)
        from lineEvery in Gen.Choose(2, 64)
        from field in Gen.Elements("data: ", "event: ", ": ", "")
        select (size, lineEvery, field),
        stream =>
        {
            using var parser = new SseFrameParser(new CollectedFrames());
            var piece = new byte[stream.size];
            piece.AsSpan().Fill((byte)'x');
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var (sent, count) = (0L, 0); sent < 5L * SseFrameParser.MaxFrameBytes; sent += piece.Length, count++)
            {
                parser.Append(count % stream.lineEvery == 0 ? [(byte)'\n', .. System.Text.Encoding.ASCII.GetBytes(stream.field)] : piece);
            }

            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 5L * SseFrameParser.MaxFrameBytes);
        },
        cases: 12);

    private static (List<(string Name, string Data)> Frames, bool AtBoundary) Parse(SplitBytes split)
    {
        var collected = new CollectedFrames();
        using var parser = new SseFrameParser(collected);
        foreach (var part in split.Parts())
        {
            parser.Append(part.Span);
        }

        return (collected.All, parser.AtFrameBoundary);
    }
}
