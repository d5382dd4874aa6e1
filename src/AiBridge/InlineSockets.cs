using System.Net.Sockets;
using System.Reflection;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;

namespace Trinity.AiBridge;

/// <summary>On one processor: what follows on a socket's event runs on the thread that saw the event, and not on one of the pool's, which has no other processor to run on.</summary>
/// <remarks>
/// For the sockets of clients and of upstreams only. Npgsql's stay as they are: it waits for them while it holds locks. Whatever a request does must not block.
/// The property is internal to the runtime, which keeps it for those who want to try just this; where it is gone, nothing changes.
/// </remarks>
internal static partial class InlineSockets
{
    private static readonly Action<Socket, bool>? Prefer = typeof(Socket).GetProperty("PreferInlineCompletions", BindingFlags.Instance | BindingFlags.NonPublic)?.SetMethod?.CreateDelegate<Action<Socket, bool>>();

    private static readonly HttpRequestOptionsKey<object> Connected = new("Trinity.Connected");
    private static readonly object Several = new();

    public static bool Possible => Prefer is not null;

    /// <summary>Says at the start whether what is asked for is so.</summary>
    public static void Tell(ILogger logger)
    {
        if (Possible)
        {
            Log.Used(logger);
        }
        else
        {
            Log.NotPossible(logger);
        }
    }

    /// <summary>For the connections to upstreams, in two steps: between them is the TLS handshake, which may have to fetch a certificate, and blocks meanwhile.</summary>
    /// <remarks>A request may begin two connections, of which nobody knows which is ready first: then neither is switched over.</remarks>
    public static void Remember(SocketsHttpConnectionContext context, Socket socket)
    {
        var options = context.InitialRequestMessage.Options;
        options.Set(Connected, options.TryGetValue(Connected, out _) ? Several : socket);
    }

    /// <inheritdoc cref="Remember"/>
    public static ValueTask<Stream> UseRemembered(SocketsHttpPlaintextStreamFilterContext context, CancellationToken cancellationToken)
    {
        if (context.InitialRequestMessage.Options.TryGetValue(Connected, out var connected) && connected is Socket socket)
        {
            Use(socket);
        }

        return new(context.PlaintextStream);
    }

    /// <summary>For the connections of clients.</summary>
    public static ConnectionDelegate Attach(ConnectionDelegate next) => connection =>
    {
        if (connection.Features.Get<IConnectionSocketFeature>() is { } feature)
        {
            Use(feature.Socket);
        }

        return next(connection);
    };

    private static void Use(Socket socket) => Prefer?.Invoke(socket, true);

    private static partial class Log
    {
        [LoggerMessage(EventIds.SocketsInline, LogLevel.Information, "Requests run on the thread that reads the sockets.")]
        public static partial void Used(ILogger logger);

        [LoggerMessage(EventIds.SocketsNotInline, LogLevel.Warning, "This runtime cannot run requests on the thread that reads the sockets; they run on the pool's.")]
        public static partial void NotPossible(ILogger logger);
    }
}
