using System.Buffers;

namespace Trinity.AiBridge.Routing;

/// <summary>A request's body in memory, so that its model can be peeked at and a failover can send it again.</summary>
/// <remarks>
/// The buffer is rented, and given back by the last who lets go of it: the exchange (<see cref="Dispose"/>) or one who still writes it to an upstream. <c>_holds</c> counts them, interlocked; before the first <see cref="TryHold"/> the exchange has the body to itself.
/// </remarks>
internal sealed class RequestBody : IDisposable
{
    private const int FirstBufferBytes = 16 * 1024;
    private const int MostBytesOnTrust = 1024 * 1024; // of an announced length, before anything of it has come

    private readonly BodyBuffers _buffers;
    private byte[] _buffer;
    private int _holds = 1;
    private bool _disposed;
    private int _length;

    private RequestBody(BodyBuffers buffers, long? announced)
    {
        _buffers = buffers;
        _buffer = buffers.Rent((int)Math.Min(announced ?? FirstBufferBytes, MostBytesOnTrust));
    }

    public ReadOnlyMemory<byte> Bytes => _buffer.AsMemory(0, _length);

    /// <summary>Reads the body to its end; null when it is longer than <paramref name="maxBytes"/>.</summary>
    /// <exception cref="IOException">The client broke off.</exception>
    public static async Task<RequestBody?> ReadAsync(HttpRequest request, BodyBuffers buffers, long maxBytes, CancellationToken cancellationToken)
    {
        if (request.ContentLength > maxBytes)
        {
            return null;
        }

        var body = new RequestBody(buffers, request.ContentLength);
        try
        {
            while (true)
            {
                var read = await request.BodyReader.ReadAsync(cancellationToken);
                body.Append(read.Buffer);
                request.BodyReader.AdvanceTo(read.Buffer.End);
                if (body._length > maxBytes)
                {
                    body.Dispose();
                    return null;
                }

                if (read.IsCompleted)
                {
                    return body;
                }
            }
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Puts <paramref name="insertion"/> in at <paramref name="offset"/>, leaving every other byte as it was.</summary>
    public void Insert(int offset, ReadOnlySpan<byte> insertion)
    {
        Reserve(insertion.Length);
        _buffer.AsSpan(offset, _length - offset).CopyTo(_buffer.AsSpan(offset + insertion.Length));
        insertion.CopyTo(_buffer.AsSpan(offset));
        _length += insertion.Length;
    }

    /// <summary>Keeps the buffer until <see cref="Release"/>; false when it is gone.</summary>
    public bool TryHold()
    {
        int holds;
        do
        {
            holds = Volatile.Read(ref _holds);
            if (holds == 0)
            {
                return false;
            }
        }
        while (Interlocked.CompareExchange(ref _holds, holds + 1, holds) != holds);

        return true;
    }

    public void Release()
    {
        if (Interlocked.Decrement(ref _holds) == 0)
        {
            _buffers.Return(_buffer);
            _buffer = [];
            _length = 0;
        }
    }

    public void Dispose()
    {
        if (!_disposed)
        {
            _disposed = true;
            Release();
        }
    }

    private void Append(in ReadOnlySequence<byte> bytes)
    {
        Reserve((int)bytes.Length);
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += (int)bytes.Length;
    }

    private void Reserve(int more)
    {
        if (_length + more <= _buffer.Length)
        {
            return;
        }

        var larger = _buffers.Rent(Math.Max(_length + more, _buffer.Length * 2));
        Bytes.Span.CopyTo(larger);
        _buffers.Return(_buffer);
        _buffer = larger;
    }
}
