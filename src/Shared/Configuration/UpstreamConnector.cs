using System.Net;
using System.Net.Sockets;

namespace Trinity.Shared.Configuration;

/// <summary>Opens connections to upstreams: resolves the name, connects only to addresses that the policy allows, TCP_NODELAY on.</summary>
/// <remarks>The address that was judged is the address that is connected to, so a name cannot resolve to something else in between.</remarks>
public static class UpstreamConnector
{
    /// <summary>A <see cref="SocketsHttpHandler.ConnectCallback"/> that throws <see cref="HttpRequestException"/> when every address is refused or unreachable.</summary>
    /// <param name="policy">Which addresses may be connected to.</param>
    /// <param name="connected">Sees each socket before it is used.</param>
    public static Func<SocketsHttpConnectionContext, CancellationToken, ValueTask<Stream>> Create(UpstreamAddressPolicy policy, Action<SocketsHttpConnectionContext, Socket>? connected = null) =>
        (context, cancellationToken) => ConnectAsync(context, policy, connected, cancellationToken);

    private static async ValueTask<Stream> ConnectAsync(
        SocketsHttpConnectionContext context, UpstreamAddressPolicy policy, Action<SocketsHttpConnectionContext, Socket>? connected, CancellationToken cancellationToken)
    {
        var target = context.DnsEndPoint;
        var refusal = policy.Refuse(target.Host);
        if (refusal is not null)
        {
            throw Refused(target, refusal);
        }

        SocketException? failure = null;
        foreach (var address in await ResolveAsync(target, cancellationToken))
        {
            if (policy.Refuse(address) is { } reason)
            {
                refusal = reason;
                continue;
            }

            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, target.Port), cancellationToken);
                connected?.Invoke(context, socket);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException exception)
            {
                socket.Dispose();
                failure = exception; // the next address may answer
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failure is not null
            ? new HttpRequestException(HttpRequestError.ConnectionError, $"Connecting to {target.Host}:{target.Port} failed: {failure.Message}", failure)
            : Refused(target, refusal ?? "the name has no address");
    }

    private static async Task<IPAddress[]> ResolveAsync(DnsEndPoint target, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(target.Host, out var literal))
        {
            return [literal];
        }

        try
        {
            return await Dns.GetHostAddressesAsync(target.Host, cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new HttpRequestException(HttpRequestError.NameResolutionError, $"The name {target.Host} cannot be resolved: {exception.Message}", exception);
        }
    }

    private static HttpRequestException Refused(DnsEndPoint target, string reason) =>
        new(HttpRequestError.ConnectionError, $"Connecting to {target.Host} is refused: {reason}.");
}
