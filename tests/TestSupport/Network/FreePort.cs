using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Trinity.TestSupport.Network;

/// <summary>Hands out loopback ports for servers that cannot bind to port 0 themselves.</summary>
public static class FreePort
{
    private static readonly ConcurrentDictionary<int, bool> Given = [];

    /// <summary>A port that was free a moment ago and that this process has not been given before.</summary>
    public static int Next()
    {
        while (true)
        {
            using var listener = new TcpListener(IPAddress.Loopback, 0);
            listener.Start();
            var port = ((IPEndPoint)listener.LocalEndpoint).Port;
            if (Given.TryAdd(port, true))
            {
                return port;
            }
        }
    }
}
