using System.Buffers.Binary;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Trinity.TestSupport.Network;

/// <summary>Stands before a server with TLS and HTTP/2. On the first connection it takes a whole request and then says that it has not looked at it (GOAWAY, last stream 0), as a server does that is about to close; later ones go through.</summary>
public sealed class GoAwayFront : IAsyncDisposable
{
    private const int Preface = 24; // "PRI * HTTP/2.0", RFC 9113 section 3.4
    private const int FrameHead = 9;
    private const byte Data = 0, Headers = 1, Settings = 4, GoAway = 7, WindowUpdate = 8;
    private const byte EndStream = 1;

    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly X509Certificate2 _certificate;
    private readonly Task _accepting;
    private int _upstream;
    private int _refused;

    private GoAwayFront(X509Certificate2 certificate)
    {
        _certificate = certificate;
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Requests that were sent back unseen.</summary>
    public int Refused => Volatile.Read(ref _refused);

    /// <param name="certificate">The upstream's.</param>
    public static GoAwayFront Start(X509Certificate2 certificate) => new(certificate);

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
        await WriteAsync(tls, Settings, [0, 4, 0x7f, 0xff, 0xff, 0xff]); // a stream's window, and then the connection's: as large as can be
        await WriteAsync(tls, WindowUpdate, [0x7f, 0xff, 0, 0]);
        while (true)
        {
            var (type, flags) = await ReadAsync(tls);
            if (type is Headers or Data && (flags & EndStream) != 0)
            {
                Interlocked.Increment(ref _refused);
                await WriteAsync(tls, GoAway, new byte[8]); // last stream 0, no error
            }
        }
    }

    private async Task RelayAsync(NetworkStream client)
    {
        using var upstream = new TcpClient();
        await upstream.ConnectAsync(IPAddress.Loopback, Volatile.Read(ref _upstream), _stopping.Token);
        var wire = upstream.GetStream();
        await Task.WhenAny(client.CopyToAsync(wire, _stopping.Token), wire.CopyToAsync(client, _stopping.Token));
    }

    private async Task<(byte Type, byte Flags)> ReadAsync(SslStream tls)
    {
        var head = new byte[FrameHead];
        await tls.ReadExactlyAsync(head, _stopping.Token);
        var length = (head[0] << 16) | (head[1] << 8) | head[2];
        await tls.ReadExactlyAsync(new byte[length], _stopping.Token);
        return (head[3], head[4]);
    }

    private Task WriteAsync(SslStream tls, byte type, byte[] payload)
    {
        var frame = new byte[FrameHead + payload.Length];
        BinaryPrimitives.WriteInt32BigEndian(frame, (payload.Length << 8) | type);
        payload.CopyTo(frame, FrameHead);
        return tls.WriteAsync(frame, _stopping.Token).AsTask();
    }
}
