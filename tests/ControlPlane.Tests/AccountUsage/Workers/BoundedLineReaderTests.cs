using System.IO.Pipelines;
using System.Text;
using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

public sealed class BoundedLineReaderTests
{
    [Theory]
    [InlineData("one\ntwo\r\n\nthree\n", "one", "two", "", "three")]
    [InlineData("one\nno end", "one")]
    [InlineData("12345678\n12345678\n", "12345678", "12345678")]
    [InlineData("")]
    public async Task ReadLine_InPiecesOfAnySize_AreTheLines(string text, params string[] expected)
    {
        for (var size = 1; size <= text.Length + 1; size++)
        {
            var pipe = new Pipe();
            var reader = new BoundedLineReader(pipe.Reader.AsStream(), 8);
            var lines = ReadAllAsync(reader);
            foreach (var piece in Encoding.UTF8.GetBytes(text).Chunk(size))
            {
                await pipe.Writer.WriteAsync(piece, Timeouts.Token);
            }

            await pipe.Writer.CompleteAsync();

            Assert.Equal(expected, await lines);
        }
    }

    [Theory] // P-14
    [InlineData("123456789\n")]
    [InlineData("123456789")]
    [InlineData("12345678901234567890")]
    public async Task ReadLine_TooLong_IsAnError_NotMemory(string text)
    {
        using var stream = new MemoryStream(Encoding.UTF8.GetBytes(text));

        await Assert.ThrowsAsync<InvalidDataException>(() => new BoundedLineReader(stream, 8).ReadLineAsync(Timeouts.Token));
    }

    private static async Task<List<string>> ReadAllAsync(BoundedLineReader reader)
    {
        var lines = new List<string>();
        while (await reader.ReadLineAsync(Timeouts.Token) is { } line)
        {
            lines.Add(Encoding.UTF8.GetString(line));
        }

        return lines;
    }
}
