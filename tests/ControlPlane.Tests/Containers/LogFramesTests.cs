using System.Text;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Containers;

public sealed class LogFramesTests
{
    private static readonly byte[] Recorded =
        [.. FakeEngine.Frame(1, "eins\nzw"), .. FakeEngine.Frame(2, "err\r\n"), .. FakeEngine.Frame(1, ""), .. FakeEngine.Frame(1, "ei ü"), .. FakeEngine.Frame(0, "\n\nrest")];

    [Fact]
    public async Task Lines_SplitAnywhere_AreTheSame()
    {
        LogLine[] expected = [new(false, "eins"), new(true, "err"), new(false, "zwei ü"), new(false, ""), new(false, "rest")];
        for (var size = 1; size <= Recorded.Length; size++)
        {
            Assert.Equal(expected, await LinesAsync(Recorded, size));
        }
    }

    [Fact]
    public async Task Frames_CutOff_AreABrokenStream()
    {
        int[] wholes = [0, 15, 28, 36, 49];
        for (var length = 0; length < Recorded.Length; length++)
        {
            var cut = Recorded[..length];
            if (wholes.Contains(length))
            {
                await LinesAsync(cut, 7);
                continue;
            }

            var broken = await Assert.ThrowsAsync<EngineException>(() => LinesAsync(cut, 7));
            Assert.Equal(EngineFault.Unreachable, broken.Fault);
        }
    }

    [Theory]
    [InlineData("plain text of a terminal")]
    [InlineData("\u0003\0\0\0\0\0\0\u0001x")]
    [InlineData("\u0001\0\u0001\0\0\0\0\u0001x")]
    public async Task Frames_Garbage_IsRefused(string text)
    {
        var broken = await Assert.ThrowsAsync<EngineException>(() => LinesAsync(Encoding.UTF8.GetBytes(text), 100));
        Assert.Equal(EngineFault.Failed, broken.Fault);
    }

    [Fact]
    public void Lines_WithoutEnd_AreHandedOnInPieces()
    {
        var lines = new LogLines();
        var endless = Encoding.UTF8.GetBytes(new string('x', (2 * LogLines.LongestLine) + 3));
        Assert.Equal([LogLines.LongestLine, LogLines.LongestLine], lines.Add(isError: false, endless).Select(line => line.Text.Length));
        Assert.Equal(["xxx"], lines.Rest().Select(line => line.Text));
    }

    private static async Task<List<LogLine>> LinesAsync(byte[] bytes, int pieceSize)
    {
        using var source = new MemoryStream(bytes);
        var frames = new LogFrames(buffer => Task.FromResult(source.Read(buffer.Span[..Math.Min(pieceSize, buffer.Length)])));
        var lines = new LogLines();
        var read = new List<LogLine>();
        while (await frames.NextAsync() is { IsEmpty: false } piece)
        {
            read.AddRange(lines.Add(frames.IsError, piece));
        }

        read.AddRange(lines.Rest());
        return read;
    }
}
