using System.Diagnostics;
using System.Net;
using System.Net.Sockets;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>A keep-alive connection that carries one request at a time. The dispatcher starts a request, the connection's own flow ends it.</summary>
internal sealed class LoadConnection(Uri address) : IDisposable
{
    private const int BufferBytes = 64 * 1024;

    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[BufferBytes];
    private readonly ReplyParser _reply = new();

    public ValueTask ConnectAsync(CancellationToken cancellationToken) => _socket.ConnectAsync(new IPEndPoint(IPAddress.Parse(address.Host), address.Port), cancellationToken);

    /// <summary>Connects first where that has not been done.</summary>
    /// <param name="request">All of it.</param>
    /// <param name="due">When it should have been sent, as <see cref="Stopwatch.GetTimestamp"/>: waiting for a connection counts.</param>
    /// <param name="cancellationToken">The run's.</param>
    public async Task<LoadSample> ExchangeAsync(ReadOnlyMemory<byte> request, long due, CancellationToken cancellationToken)
    {
        if (!_socket.Connected)
        {
            await ConnectAsync(cancellationToken);
        }

        _reply.Reset();
        while (!request.IsEmpty)
        {
            request = request[await _socket.SendAsync(request, cancellationToken)..];
        }

        long firstContent = 0;
        long last = 0;
        var gaps = new List<double>();
        while (!_reply.Done)
        {
            var read = await _socket.ReceiveAsync(_buffer.AsMemory(), cancellationToken);
            if (read == 0)
            {
                throw new IOException("The connection was closed in the middle of a reply.");
            }

            var now = Stopwatch.GetTimestamp();
            var before = _reply.ContentBytes;
            _reply.Append(_buffer.AsSpan(0, read));
            if (_reply.ContentBytes > before)
            {
                if (firstContent == 0)
                {
                    firstContent = now;
                }
                else
                {
                    gaps.Add(Stopwatch.GetElapsedTime(last, now).TotalMilliseconds);
                }

                last = now;
            }
        }

        return new LoadSample(Milliseconds(due, firstContent), Milliseconds(due, Stopwatch.GetTimestamp()), _reply.Status, _reply.ContentBytes, gaps);
    }

    public void Dispose() => _socket.Dispose();

    private static double Milliseconds(long from, long to) => Stopwatch.GetElapsedTime(from, to).TotalMilliseconds;
}
