namespace Trinity.ControlPlane.AccountUsage.Workers;

/// <summary>Reads lines from a pipe whose other end may write one without end. One reader at a time; after a failed or cancelled read no more.</summary>
internal sealed class BoundedLineReader(Stream stream, int longest)
{
    private readonly byte[] _buffer = new byte[longest + 1]; // and the line's end
    private int _start;
    private int _end;

    /// <summary>The next line without its end; null when there will be none. What comes after the last line's end is no line: its writer has died over it.</summary>
    /// <exception cref="InvalidDataException">The line is too long.</exception>
    public async Task<byte[]?> ReadLineAsync(CancellationToken cancellationToken)
    {
        for (var searched = 0; ;)
        {
            var text = _buffer.AsMemory(_start, _end - _start);
            if (text.Span[searched..].IndexOf((byte)'\n') is >= 0 and var at)
            {
                var length = searched + at;
                _start += length + 1;
                return text.Span[..length].TrimEnd((byte)'\r').ToArray();
            }

            searched = text.Length;
            if (searched > longest)
            {
                throw new InvalidDataException($"A line is longer than {longest} bytes.");
            }

            text.Span.CopyTo(_buffer);
            (_start, _end) = (0, text.Length);
            var count = await stream.ReadAsync(_buffer.AsMemory(_end), cancellationToken);
            if (count == 0)
            {
                return null;
            }

            _end += count;
        }
    }
}
