using System.Buffers;
using System.Text;

namespace Trinity.ControlPlane.Containers;

/// <summary>Puts lines together from the pieces of the two streams. A line without end is handed on in pieces of <see cref="LongestLine"/> bytes.</summary>
internal sealed class LogLines
{
    public const int LongestLine = 256 * 1024;

    private readonly ArrayBufferWriter<byte> _output = new();
    private readonly ArrayBufferWriter<byte> _errors = new();

    /// <summary>The lines that this piece ends.</summary>
    public IEnumerable<LogLine> Add(bool isError, ReadOnlyMemory<byte> piece)
    {
        var pending = isError ? _errors : _output;
        while (!piece.IsEmpty)
        {
            var end = piece.Span.IndexOf((byte)'\n');
            var room = LongestLine - pending.WrittenCount;
            var taken = Math.Min(end < 0 ? piece.Length : end, room);
            pending.Write(piece.Span[..taken]);
            var ends = end >= 0 && taken == end;
            piece = piece[(ends ? taken + 1 : taken)..];
            if (ends || pending.WrittenCount == LongestLine)
            {
                yield return Take(isError, pending);
            }
        }
    }

    /// <summary>What was written without a line's end.</summary>
    public IEnumerable<LogLine> Rest()
    {
        if (_output.WrittenCount > 0)
        {
            yield return Take(isError: false, _output);
        }

        if (_errors.WrittenCount > 0)
        {
            yield return Take(isError: true, _errors);
        }
    }

    private static LogLine Take(bool isError, ArrayBufferWriter<byte> pending)
    {
        var bytes = pending.WrittenSpan;
        var line = new LogLine(isError, Encoding.UTF8.GetString(bytes is [.. var text, (byte)'\r'] ? text : bytes));
        pending.ResetWrittenCount();
        return line;
    }
}
