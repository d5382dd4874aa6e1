using System.Runtime.CompilerServices;
using System.Text;

namespace Trinity.AgentServer.Runtimes;

/// <summary>Reads lines from a process that may write one without end.</summary>
internal static class BoundedLines
{
    /// <summary>What is kept of a line; a CLI's last event holds its whole answer.</summary>
    public const int Longest = 1024 * 1024;

    private const int BufferLength = 16 * 1024;
    private const int LongestTornWord = 1024;
    private const char CutMark = '…';

    /// <summary>The lines without their ends; of a line that is too long, its beginning.</summary>
    public static async IAsyncEnumerable<string> ReadAsync(TextReader reader, int longest = Longest, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var buffer = new char[BufferLength];
        var line = new StringBuilder();
        var isCut = false;
        while (await reader.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            var rest = buffer.AsMemory(0, count);
            while (rest.Span.IndexOf('\n') is >= 0 and var end)
            {
                isCut |= Append(line, rest.Span[..end], longest);
                yield return Take(line, isCut);
                isCut = false;
                rest = rest[(end + 1)..];
            }

            isCut |= Append(line, rest.Span, longest);
        }

        if (line.Length > 0)
        {
            yield return Take(line, isCut);
        }
    }

    private static bool Append(StringBuilder line, ReadOnlySpan<char> text, int longest)
    {
        var room = Math.Min(text.Length, longest - line.Length);
        line.Append(text[..room]);
        return room < text.Length;
    }

    private static string Take(StringBuilder line, bool isCut)
    {
        if (isCut)
        {
            // The cut may go through a secret, whose first half nothing would recognise: the torn word goes, too.
            var torn = line.Length;
            while (torn > 0 && line.Length - torn < LongestTornWord && !char.IsWhiteSpace(line[torn - 1]))
            {
                torn--;
            }

            line.Length = torn;
            line.Append(CutMark);
        }

        var text = line.ToString().TrimEnd('\r').Replace('\r', ' '); // one would end the line of an SSE event
        line.Clear();
        return text;
    }
}
