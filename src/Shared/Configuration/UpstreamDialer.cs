using System.Net;
using System.Net.Sockets;
using Trinity.Shared.Hosting;

namespace Trinity.Shared.Configuration;

/// <summary>Resolves a name and connects to the first of its addresses that the policy allows and that answers.</summary>
/// <remarks>
/// The address that was judged is the address that is connected to, so a name cannot resolve to something else in between.
/// Addresses are tried in turn. Each but the last has a limit of its own: where one family's packets are dropped silently, the other must get its turn within the caller's limit.
/// </remarks>
/// <param name="policy">Which addresses may be connected to.</param>
/// <param name="time">The clock of the limits.</param>
public sealed class UpstreamDialer(UpstreamAddressPolicy policy, TimeProvider time)
{
    /// <summary>The most that an address with others behind it may take: room for a lost packet and its repetition after a second.</summary>
    public static readonly TimeSpan MaxPerAddress = TimeSpan.FromSeconds(3);

    /// <summary>The most that all addresses before the last may take together: leaves that one some of the 15 s that the bridge gives a connection.</summary>
    public static readonly TimeSpan MaxBeforeLast = TimeSpan.FromSeconds(12);

    /// <summary>Finds a name's addresses; the system's resolver unless set.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>Connects a socket; its own method unless set.</summary>
    public Func<Socket, IPEndPoint, CancellationToken, ValueTask> Connect { get; init; } = static (socket, endpoint, cancellationToken) => socket.ConnectAsync(endpoint, cancellationToken);

    /// <summary>A connected socket, TCP_NODELAY on.</summary>
    /// <exception cref="HttpRequestException">Every address is refused or unreachable.</exception>
    public async Task<Socket> DialAsync(DnsEndPoint target, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(target);
        var allowed = await AllowedAsync(target, cancellationToken);
        var limit = allowed.Count < 2 ? MaxPerAddress : TimeSpan.FromTicks(Math.Min(MaxPerAddress.Ticks, MaxBeforeLast.Ticks / (allowed.Count - 1)));
        for (var i = 0; ; i++)
        {
            var isLast = i == allowed.Count - 1;
            try
            {
                return await TryAsync(new IPEndPoint(allowed[i], target.Port), isLast ? Timeout.InfiniteTimeSpan : limit, cancellationToken);
            }
            catch (SocketException exception)
            {
                if (isLast)
                {
                    throw new HttpRequestException(HttpRequestError.ConnectionError, $"Connecting to {target.Host}:{target.Port} failed: {exception.Message}", exception);
                }
            }
        }
    }

    private static HttpRequestException Refused(DnsEndPoint target, string reason) =>
        new(HttpRequestError.ConnectionError, $"Connecting to {target.Host} is refused: {reason}.");

    /// <summary>At least one.</summary>
    private async Task<List<IPAddress>> AllowedAsync(DnsEndPoint target, CancellationToken cancellationToken)
    {
        var refusal = policy.Refuse(target.Host);
        if (refusal is not null)
        {
            throw Refused(target, refusal);
        }

        var allowed = new List<IPAddress>();
        foreach (var address in await ResolveAsync(target, cancellationToken))
        {
            if (policy.Refuse(address) is { } reason)
            {
                refusal = reason;
            }
            else
            {
                allowed.Add(address);
            }
        }

        return allowed.Count > 0 ? allowed : throw Refused(target, refusal ?? "the name has no address");
    }

    private async Task<IPAddress[]> ResolveAsync(DnsEndPoint target, CancellationToken cancellationToken)
    {
        if (IPAddress.TryParse(target.Host, out var literal))
        {
            return [literal];
        }

        try
        {
            return await Resolve(target.Host, cancellationToken);
        }
        catch (SocketException exception)
        {
            throw new HttpRequestException(HttpRequestError.NameResolutionError, $"The name {target.Host} cannot be resolved: {exception.Message}", exception);
        }
    }

    private async Task<Socket> TryAsync(IPEndPoint endpoint, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = limit == Timeout.InfiniteTimeSpan ? null : new Deadline(limit, time, cancellationToken);
        Socket? socket = null;
        try
        {
            socket = new Socket(endpoint.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            await Connect(socket, endpoint, deadline?.Token ?? cancellationToken);
            return socket;
        }
        catch (Exception exception)
        {
            socket?.Dispose();
            cancellationToken.ThrowIfCancellationRequested(); // with the caller's own token: by that it knows its limit from a failure
            if (exception is OperationCanceledException && deadline?.Token.IsCancellationRequested == true)
            {
                throw new SocketException((int)SocketError.TimedOut);
            }

            throw;
        }
    }
}
