using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace Trinity.ControlPlane.Containers;

/// <summary>Where the container engine listens, written as <c>unix:///path</c> or <c>tcp://host:port</c>.</summary>
internal sealed record EngineAddress
{
    public const string Default = "unix:///var/run/docker.sock";

    private const int LongestSocketPath = 107; // what the kernel takes
    private const int DefaultPort = 2375;

    private EngineAddress(string text, string? socketPath, Uri baseAddress) => (Text, SocketPath, BaseAddress) = (text, socketPath, baseAddress);

    /// <summary>As an operator would write it.</summary>
    public string Text { get; }

    /// <summary>Null for TCP.</summary>
    public string? SocketPath { get; }

    public Uri BaseAddress { get; }

    /// <param name="setting">The option; empty: <c>DOCKER_HOST</c>, and then the default.</param>
    /// <param name="dockerHost">The variable that the engine's own tools read.</param>
    public static string Choose(string setting, string? dockerHost) =>
        setting.Length > 0 ? setting : string.IsNullOrWhiteSpace(dockerHost) ? Default : dockerHost;

    public static bool TryParse(string text, [NotNullWhen(true)] out EngineAddress? address)
    {
        address = null;
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || url.UserInfo.Length > 0)
        {
            return false;
        }

        address = url.Scheme switch
        {
            "unix" when url is { Host: "", AbsolutePath.Length: > 1 and <= LongestSocketPath } => new(text, Uri.UnescapeDataString(url.AbsolutePath), new Uri("http://engine/")),
            "tcp" or "http" when url is { Host.Length: > 0, PathAndQuery: "/" or "" } => new(text, null, TcpBase(url)),
            _ => null,
        };
        return address is not null;
    }

    /// <summary>Opens a connection to it.</summary>
    public async ValueTask<Stream> ConnectAsync(CancellationToken cancellationToken)
    {
        var socket = SocketPath is null
            ? new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true }
            : new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await (SocketPath is null
                ? socket.ConnectAsync(BaseAddress.IdnHost, BaseAddress.Port, cancellationToken)
                : socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancellationToken));
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public override string ToString() => Text;

    private static Uri TcpBase(Uri url) => new UriBuilder(Uri.UriSchemeHttp, url.Host, url.Port > 0 && !url.IsDefaultPort ? url.Port : DefaultPort).Uri;
}
