using System.Buffers;
using Trinity.AiBridge.Providers.OpenAi;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Forwarding;

/// <summary>Keeps the usage-only chunk that we asked for from a client that did not; every other event passes byte for byte, when it is complete.</summary>
internal sealed class UsageChunkFilter(Stream source) : ReadOnlyStream, ISseFrameHandler
{
    private const int ReadBytes = 16 * 1024;

    private readonly ArrayBufferWriter<byte> _pending = new();
    private readonly ArrayBufferWriter<byte> _ready = new();
    private SseFrameParser? _frames;
    private int _handedOut;
    private bool _drop;
    private bool _dropLineFeed;
    private bool _ended;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (_handedOut == _ready.WrittenCount && !_ended)
        {
            _ready.ResetWrittenCount();
            _handedOut = 0;
            _ = await source.ReadAsync(Memory<byte>.Empty, cancellationToken); // waits without holding a buffer
            var rented = ArrayPool<byte>.Shared.Rent(ReadBytes);
            try
            {
                var read = await source.ReadAsync(rented, cancellationToken);
                Filter(rented.AsSpan(0, read));
                _ended = read == 0;
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }

        var count = Math.Min(buffer.Length, _ready.WrittenCount - _handedOut);
        _ready.WrittenMemory.Slice(_handedOut, count).CopyTo(buffer);
        _handedOut += count;
        return count;
    }

    void ISseFrameHandler.OnFrame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data) => _drop = ChatUsageReader.IsUsageOnly(data);

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _frames?.Dispose();
            source.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Filter(ReadOnlySpan<byte> bytes)
    {
        if (bytes.IsEmpty)
        {
            Pass(); // the end: what is left is no whole event, and goes as it is
            return;
        }

        _frames ??= new SseFrameParser(this);
        while (!bytes.IsEmpty)
        {
            if (_dropLineFeed && bytes[0] == (byte)'\n')
            {
                bytes = bytes[1..]; // the second half of the CR LF that closed the dropped event
            }

            _dropLineFeed = false;

            // An event ends with a line, so the parser need be asked only there.
            var line = bytes.IndexOfAny((byte)'\r', (byte)'\n') + 1;
            var part = line == 0 ? bytes : bytes[..line];
            _frames.Append(part);
            _pending.Write(part);
            bytes = bytes[part.Length..];
            if (!_frames.AtFrameEnd)
            {
                if (_pending.WrittenCount > SseFrameParser.MaxFrameBytes)
                {
                    Pass(); // the parser has given this event up, so it will not be dropped
                }

                continue;
            }

            if (_drop)
            {
                _drop = false;
                _dropLineFeed = part is [.., (byte)'\r'];
                _pending.ResetWrittenCount();
            }
            else
            {
                Pass();
            }
        }
    }

    private void Pass()
    {
        _ready.Write(_pending.WrittenSpan);
        _pending.ResetWrittenCount();
    }
}
