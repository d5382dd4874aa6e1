using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Trinity.TestSupport.Network;

/// <summary>What <see cref="RefusingFront"/> says to the first request.</summary>
public enum FirstWord
{
    /// <summary>GOAWAY, last stream 0: the connection is about to close, and the request has not been looked at.</summary>
    GoAway,

    /// <summary>RST_STREAM with REFUSED_STREAM: the request has not been looked at. The next one on that connection meets with <see cref="GoAway"/>.</summary>
    RefusedStream,

    /// <summary>An answer, 400 without a body, and RST_STREAM with NO_ERROR: the rest of the request is not wanted.</summary>
    Answer,
}

/// <summary>Stands before a server with TLS and HTTP/2. What comes on the first connection is refused; later ones go through.</summary>
public sealed class RefusingFront : IAsyncDisposable
{
    private const int Preface = 24; // "PRI * HTTP/2.0", RFC 9113 section 3.4
    private const int FrameHead = 9;
    private const byte Data = 0, Headers = 1, ResetStream = 3, Settings = 4, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1, EndHeaders = 4;
    private const byte BadRequest = 0x8c; // ":status: 400", of HPACK's static table
    private const byte RefusedStream = 7; // the error code

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly X509Certificate2 _certificate;
    private readonly FirstWord _word;
    private readonly bool _halfway;
    private readonly Task _accepting;
    private int _upstream;
    private int _refused;

    private RefusingFront(X509Certificate2 certificate, FirstWord word, bool halfway)
    {
        (_certificate, _word, _halfway) = (certificate, word, halfway);
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Requests that did not go through.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <param name="certificate">The upstream's.</param>
    /// <param name="word">What the first request is told.</param>
    /// <param name="halfway">With the first piece of its body; else when it is there as a whole.</param>
    public static RefusingFront Start(X509Certificate2 certificate, FirstWord word = FirstWord.GoAway, bool halfway = false) => new(certificate, word, halfway);

    /// <summary>Says where it stands before, a port of 127.0.0.1, and returns its own.</summary>
    public int Before(int upstreamPort)
    {
        Volatile.Write(ref _upstream, upstreamPort);
        return Port;
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Stop();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        List<Task> connections = [];
        try
        {
            for (var first = true; ; first = false)
            {
                var client = await _listener.AcceptTcpClientAsync(_stopping.Token);
                connections.Add(ServeAsync(client, first));
            }
        }
        catch (Exception exception) when (exception is OperationCanceledException or SocketException or InvalidOperationException && _stopping.IsCancellationRequested)
        {
            await Task.WhenAll(connections);
        }
    }

    private async Task ServeAsync(TcpClient client, bool first)
    {
        using (client)
        {
            try
            {
                await (first ? RefuseAsync(client.GetStream()) : RelayAsync(client.GetStream()));
            }
            catch (Exception exception) when (exception is IOException or OperationCanceledException or SocketException or AuthenticationException or ObjectDisposedException)
            {
                // A side has closed, or the test is over.
            }
        }
    }

    private async Task RefuseAsync(NetworkStream wire)
    {
        await using var tls = new SslStream(wire);
        await tls.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate, ApplicationProtocols = [SslApplicationProtocol.Http2] }, _stopping.Token);
        await tls.ReadExactlyAsync(new byte[Preface], _stopping.Token);
        var window = _halfway ? [] : new byte[] { 0, 4, 0x7f, 0xff, 0xff, 0xff }; // a stream's, and then the connection's: as large as can be; without, 64 KB
        await WriteAsync(tls, Settings, 0, window);
        if (!_halfway)
        {
            await WriteAsync(tls, WindowUpdate, 0, [0x7f, 0xff, 0, 0]);
        }

        var told = 0;
        while (true)
        {
            var (type, flags, stream) = await ReadAsync(tls);
            if (stream > told && (_halfway ? type is Data : type is Headers or Data && (flags & EndStream) != 0))
            {
                Interlocked.Increment(ref _refused);
                await TellAsync(tls, stream, again: told > 0);
                told = stream;
            }
        }
    }

    private async Task TellAsync(SslStream tls, int stream, bool again)
    {
        switch (_word)
        {
            case FirstWord.RefusedStream when !again:
                await WriteAsync(tls, ResetStream, stream, [0, 0, 0, RefusedStream]);
                if (_halfway)
                {
                    await WriteAsync(tls, WindowUpdate, 0, [0, 0x10, 0, 0]); // what was dropped counts against the connection's window (RFC 9113 section 6.9): the next stream must be able to begin
                }

                break;
            case FirstWord.Answer:
                await WriteAsync(tls, Headers, stream, [BadRequest], EndStream | EndHeaders);
                await WriteAsync(tls, ResetStream, stream, new byte[4]);
                break;
            default:
                await WriteAsync(tls, GoAway, 0, new byte[8]);
                break;
        }
    }

    private async Task RelayAsync(NetworkStream client)
    {
        using var upstream = new TcpClient();
        await upstream.ConnectAsync(IPAddress.Loopback, Volatile.Read(ref _upstream), _stopping.Token);
        var wire = upstream.GetStream();
        await Task.WhenAny(client.CopyToAsync(wire, _stopping.Token), wire.CopyToAsync(client, _stopping.Token));
    }

    private async Task<(byte Type, byte Flags, int Stream)> ReadAsync(SslStream tls)
    {
        var head = new byte[FrameHead];
        await tls.ReadExactlyAsync(head, _stopping.Token);
        var length = (head[0] << 16) | (head[1] << 8) | head[2];
        await tls.ReadExactlyAsync(new byte[length], _stopping.Token);
        return (head[3], head[4], BinaryPrimitives.ReadInt32BigEndian(head.AsSpan(5)));
    }

    private Task WriteAsync(SslStream tls, byte type, int stream, byte[] payload, byte flags = 0)
    {
        var frame = new byte[FrameHead + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, (payload.Length << 8) | type);
        frame[4] = flags;
        BinaryPrimitives.WriteInt32BigEndian(frame.AsSpan(5), stream);
        payload.CopyTo(frame, FrameHead);
        return tls.WriteAsync(frame, _stopping.Token).AsTask();
    }
}
