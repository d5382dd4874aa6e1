namespace Trinity.AiBridge.Usage;

/// <summary>Receives complete server-sent events.</summary>
internal interface ISseFrameHandler
{
    void OnFrame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data);
}

/// <summary>Splits a stream of bytes into server-sent events, however it is cut: inside UTF-8, between CR and LF, byte by byte.</summary>
/// <remarks>Memory is bounded: an event whose data exceeds <see cref="MaxFrameBytes"/> is passed over. Not thread-safe.</remarks>
internal sealed class SseFrameParser(ISseFrameHandler handler) : IDisposable
{
    public const int MaxFrameBytes = 8 * 1024 * 1024; // a Responses "completed" event repeats the whole reply

    private const byte CarriageReturn = (byte)'\r';
    private const byte LineFeed = (byte)'\n';

    private readonly PooledBuffer _line = new();
    private readonly PooledBuffer _data = new();
    private readonly PooledBuffer _name = new();
    private bool _started;
    private bool _hasData;
    private bool _oversized;
    private bool _midFrame;
    private bool _skipLineFeed;

    /// <summary>True when the last byte ended an event, so that another event may be put in here.</summary>
    public bool AtFrameBoundary => AtFrameEnd && !_skipLineFeed;

    /// <summary>The same, but already true between the CR and the LF of the line end that closed the event.</summary>
    public bool AtFrameEnd => !_midFrame && _line.Length == 0;

    public void Append(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            if (_skipLineFeed)
            {
                _skipLineFeed = false;
                if (bytes[0] == LineFeed)
                {
                    bytes = bytes[1..];
                    continue;
                }
            }

            if (_started && AtFrameEnd && TryTakeUsualFrame(bytes) is > 0 and var taken)
            {
                bytes = bytes[taken..];
                continue;
            }

            var end = bytes.IndexOfAny(CarriageReturn, LineFeed);
            if (end < 0)
            {
                Keep(bytes);
                return;
            }

            if (_line.Length == 0)
            {
                OnLine(bytes[..end]);
            }
            else
            {
                Keep(bytes[..end]);
                OnLine(_line.Written);
                _line.Clear();
            }

            _skipLineFeed = bytes[end] == CarriageReturn;
            bytes = bytes[(end + 1)..];
        }
    }

    public void Dispose()
    {
        _line.Dispose();
        _data.Dispose();
        _name.Dispose();
    }

    // What nearly all events look like, whole: "event: name" or nothing, one line of "data: ", LF. Handed on where it lies, without a copy. 0 when it looks otherwise.
    private int TryTakeUsualFrame(ReadOnlySpan<byte> bytes)
    {
        var rest = bytes;
        var name = default(ReadOnlySpan<byte>);
        if (rest.StartsWith("event: "u8))
        {
            rest = rest["event: ".Length..];
            if (rest.IndexOfAny(CarriageReturn, LineFeed) is not (>= 0 and var nameLength) || rest[nameLength] != LineFeed)
            {
                return 0;
            }

            name = rest[..nameLength];
            rest = rest[(nameLength + 1)..];
        }

        if (!rest.StartsWith("data: "u8))
        {
            return 0;
        }

        rest = rest["data: ".Length..];
        var length = rest.IndexOfAny(CarriageReturn, LineFeed);
        if (length < 0 || length >= MaxFrameBytes || !rest[length..].StartsWith("\n\n"u8))
        {
            return 0;
        }

        handler.OnFrame(name, rest[..length]);
        return bytes.Length - rest.Length + length + 2;
    }

    private void Keep(ReadOnlySpan<byte> part)
    {
        if (_line.Length + part.Length > MaxFrameBytes)
        {
            _oversized = true;
            part = _line.Length == 0 ? part[..1] : []; // remember only that the line is not empty
        }

        _line.Append(part);
    }

    private void OnLine(ReadOnlySpan<byte> line)
    {
        if (!_started)
        {
            _started = true;
            if (line.StartsWith("\uFEFF"u8))
            {
                line = line[3..];
            }
        }

        if (line.IsEmpty)
        {
            EndFrame();
            return;
        }

        _midFrame = true;
        var colon = line.IndexOf((byte)':');
        var field = colon < 0 ? line : line[..colon];
        var value = colon < 0 ? default : line[(colon + 1)..];
        if (value is [(byte)' ', ..])
        {
            value = value[1..];
        }

        if (field.SequenceEqual("data"u8))
        {
            AppendData(value);
        }
        else if (field.SequenceEqual("event"u8))
        {
            _name.Clear();
            _name.Append(value);
        }
    }

    private void AppendData(ReadOnlySpan<byte> value)
    {
        if (_oversized || _data.Length + value.Length >= MaxFrameBytes)
        {
            _oversized = true;
            return;
        }

        if (_hasData)
        {
            _data.Append("\n"u8);
        }

        _data.Append(value);
        _hasData = true;
    }

    private void EndFrame()
    {
        if (_hasData && !_oversized)
        {
            handler.OnFrame(_name.Written, _data.Written);
        }

        _hasData = false;
        _oversized = false;
        _midFrame = false;
        _data.Clear();
        _name.Clear();
    }
}
