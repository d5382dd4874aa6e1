using Trinity.AgentServer.Runtimes;

namespace Trinity.AgentServer.Tests.Runtimes;

public sealed class BoundedLinesTests
{
    [Theory]
    [InlineData("", new string[0])]
    [InlineData("a\nb", new[] { "a", "b" })]
    [InlineData("a\r\n\nb\n", new[] { "a", "", "b" })]
    [InlineData("a\rb\n", new[] { "a b" })]
    [InlineData("12345678\n1 3456789\nx", new[] { "12345678", "1 …", "x" })]
    public async Task Read_Lines_AreBoundedAndCutBetweenWords(string text, string[] expected)
    {
        using var reader = new StringReader(text);
        var lines = new List<string>();
        await foreach (var line in BoundedLines.ReadAsync(reader, longest: 8, Timeouts.Token))
        {
            lines.Add(line);
        }

        Assert.Equal(expected, lines);
    }
}
