using System.Buffers.Text;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>Follows one HTTP/1.1 reply through its bytes, however they are cut: its status, its first byte of content and its end.</summary>
internal sealed class ReplyParser
{
    private readonly byte[] _line = new byte[512]; // longer lines are cut: nothing that matters here is that long
    private int _lineLength;
    private long _remaining;
    private Part _part;
    private bool _chunked;

    private enum Part
    {
        Status,
        Headers,
        Content,
        ChunkSize,
        ChunkEnd,
        Trailers,
        Done,
    }

    public int Status { get; private set; }

    public long ContentBytes { get; private set; }

    public bool Done => _part == Part.Done;

    /// <summary>For the next reply on the same connection.</summary>
    public void Reset()
    {
        _part = Part.Status;
        _lineLength = 0;
        _remaining = -1;
        _chunked = false;
        Status = 0;
        ContentBytes = 0;
    }

    /// <exception cref="InvalidDataException">It is no HTTP/1.1 reply, or bytes follow it.</exception>
    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (Done)
            {
                throw new InvalidDataException("Bytes after the end of a reply.");
            }

            if (_part == Part.Content)
            {
                var count = (int)Math.Min(bytes.Length, _remaining);
                ContentBytes += count;
                _remaining -= count;
                bytes = bytes[count..];
                if (_remaining == 0)
                {
                    _part = _chunked ? Part.ChunkEnd : Part.Done;
                }

                continue;
            }

            var end = bytes.IndexOf((byte)'\n');
            var piece = end < 0 ? bytes : bytes[..end];
            var kept = piece[..Math.Min(piece.Length, _line.Length - _lineLength)];
            kept.CopyTo(_line.AsSpan(_lineLength));
            _lineLength += kept.Length;
            if (end < 0)
            {
                return;
            }

            bytes = bytes[(end + 1)..];
            OnLine(_line.AsSpan(0, _lineLength).TrimEnd((byte)'\r'));
            _lineLength = 0;
        }
    }

    private void OnLine(ReadOnlySpan<byte> line)
    {
        switch (_part)
        {
            case Part.Status:
                if (!line.StartsWith("HTTP/1.1 "u8) || !Utf8Parser.TryParse(line[9..], out int status, out _))
                {
                    throw new InvalidDataException("Not an HTTP/1.1 reply.");
                }

                Status = status;
                _part = Part.Headers;
                break;
            case Part.Headers when line.IsEmpty:
                _part = _chunked ? Part.ChunkSize : _remaining > 0 ? Part.Content : _remaining == 0 ? Part.Done : throw new InvalidDataException("A reply without a length.");
                break;
            case Part.Headers:
                OnHeader(line);
                break;
            case Part.ChunkSize:
                _remaining = Utf8Parser.TryParse(line, out long size, out _, 'x') ? size : throw new InvalidDataException("Not the length of a chunk.");
                _part = size == 0 ? Part.Trailers : Part.Content;
                break;
            case Part.ChunkEnd:
                _part = Part.ChunkSize;
                break;
            case Part.Trailers when line.IsEmpty:
                _part = Part.Done;
                break;
        }
    }

    private void OnHeader(ReadOnlySpan<byte> line)
    {
        var colon = line.IndexOf((byte)':');
        if (colon < 0)
        {
            throw new InvalidDataException("A header without a colon.");
        }

        var value = line[(colon + 1)..].Trim((byte)' ');
        if (Is(line[..colon], "content-length"u8))
        {
            _remaining = Utf8Parser.TryParse(value, out long length, out _) ? length : throw new InvalidDataException("Not a length.");
        }
        else if (Is(line[..colon], "transfer-encoding"u8))
        {
            _chunked = Is(value, "chunked"u8);
        }
    }

    private static bool Is(ReadOnlySpan<byte> text, ReadOnlySpan<byte> lower) => System.Text.Ascii.EqualsIgnoreCase(text, lower);
}
