using System.Text;
using System.Threading.Channels;
using Trinity.AiBridge.Forwarding;

namespace Trinity.AiBridge.Tests.Forwarding;

/// <summary>A provider's stream that says what the test tells it to, when it tells it to.</summary>
internal sealed class ScriptedStream : ReadOnlyStream
{
    private readonly Channel<byte[]> _parts = Channel.CreateUnbounded<byte[]>();
    private ReadOnlyMemory<byte> _current;
    private CancellationToken? _waiting;

    public bool IsDisposed { get; private set; }

    /// <summary>Disposed while a read waited that nobody had cancelled: an HTTP connection's next reply would pay for it.</summary>
    public bool ReadWasLeftBehind { get; private set; }

    public ScriptedStream Send(string text) => Send(Encoding.UTF8.GetBytes(text));

    public ScriptedStream Send(byte[] bytes)
    {
        Assert.True(_parts.Writer.TryWrite(bytes));
        return this;
    }

    public ScriptedStream End()
    {
        _parts.Writer.Complete();
        return this;
    }

    public ScriptedStream Break(Exception exception)
    {
        _parts.Writer.Complete(exception);
        return this;
    }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_current.IsEmpty)
        {
            _waiting = cancellationToken;
            var more = await _parts.Reader.WaitToReadAsync(cancellationToken);
            _waiting = null;
            if (!more)
            {
                return 0;
            }
        }

        if (buffer.IsEmpty)
        {
            return 0; // there is something to read
        }

        if (_current.IsEmpty)
        {
            Assert.True(_parts.Reader.TryRead(out var part));
            _current = part;
        }

        var count = Math.Min(buffer.Length, _current.Length);
        _current[..count].CopyTo(buffer);
        _current = _current[count..];
        return count;
    }

    protected override void Dispose(bool disposing)
    {
        ReadWasLeftBehind |= !IsDisposed && _waiting is { IsCancellationRequested: false };
        IsDisposed = true;
        base.Dispose(disposing);
    }
}
