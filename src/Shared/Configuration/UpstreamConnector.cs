using System.Net.Sockets;

namespace Trinity.Shared.Configuration;

/// <summary>Opens connections to upstreams, as <see cref="UpstreamDialer"/> finds them.</summary>
public static class UpstreamConnector
{
    /// <summary>A <see cref="SocketsHttpHandler.ConnectCallback"/> that throws <see cref="HttpRequestException"/> when every address is refused or unreachable.</summary>
    /// <param name="policy">Which addresses may be connected to.</param>
    /// <param name="connected">Sees each socket before it is used.</param>
    public static Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> Create(UpstreamAddressPolicy policy, Action<SocketsHttpConnectionContext, Socket>? connected = null)
    {
        var dialer = new UpstreamDialer(policy, TimeProvider.System);
        return (context, cancellationToken) => ConnectAsync(context, dialer, connected, cancellationToken);
    }

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, UpstreamDialer dialer, Action<SocketsHttpConnectionContext, Socket>? connected, CancellationToken cancellationToken)
    {
        var socket = await dialer.DialAsync(context.DnsEndPoint, cancellationToken);
        try
        {
            connected?.Invoke(context, socket);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
