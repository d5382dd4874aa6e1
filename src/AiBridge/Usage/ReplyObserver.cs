namespace Trinity.AiBridge.Usage;

/// <summary>What passes one reply's bytes to its <see cref="IUsageReader"/>: event by event for a stream, as a whole for JSON.</summary>
/// <remarks>It sees bytes that are on their way to the client anyway, and can neither alter nor fail them. Used by one request, on one thread at a time.</remarks>
internal sealed class ReplyObserver : ISseFrameHandler, IDisposable
{
    private const int MaxBodyBytes = 8 * 1024 * 1024; // a longer JSON reply has unknown usage

    private readonly IUsageReader _reader;
    private readonly SseFrameParser? _frames;
    private readonly PooledBuffer _body = new();
    private bool _bodyTooLong;

    public ReplyObserver(IUsageReader reader, bool streaming)
    {
        _reader = reader;
        _frames = streaming ? new SseFrameParser(this) : null;
    }

    public bool Streaming => _frames is not null;

    /// <summary>The reply was too long to be understood: what it used is unknown.</summary>
    public bool TooLong => _bodyTooLong;

    public bool AtFrameBoundary => _frames is { AtFrameBoundary: true };

    public void OnBytes(ReadOnlySpan<byte> bytes)
    {
        if (_frames is not null)
        {
            _frames.Append(bytes);
        }
        else if (_body.Length + bytes.Length > MaxBodyBytes)
        {
            _bodyTooLong = true;
        }
        else
        {
            _body.Append(bytes);
        }
    }

    /// <summary>The reply is complete.</summary>
    public void OnEnd()
    {
        if (_body.Length > 0 && !_bodyTooLong)
        {
            _reader.OnBody(_body.WrittenMemory);
        }
    }

    void ISseFrameHandler.OnFrame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data) => _reader.OnEvent(name, data);

    public void Dispose()
    {
        _frames?.Dispose();
        _body.Dispose();
    }
}
