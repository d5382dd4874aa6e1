using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>Sends requests at a fixed rate, whether or not earlier ones are answered, as many clients would: a peer that lags behind shows in the times.</summary>
internal static class OpenLoopMeter
{
    private const int MostConnections = 2000;

    public static async Task<OpenLoopSlice> MeasureAsync(Peer peer, Workload workload, double perSecond, TimeSpan duration, CancellationToken cancellationToken)
    {
        var address = peer.Address(workload);
        var request = Request(peer, workload, address);
        var idle = new ConcurrentBag<LoadConnection>();
        var samples = new ConcurrentBag<LoadSample>();
        var running = new List<Task>();
        var errors = 0;
        var connections = 0;
        var count = (int)(perSecond * duration.TotalSeconds);
        var interval = Stopwatch.Frequency / perSecond;
        var start = Stopwatch.GetTimestamp();
        for (var i = 0; i < count; i++)
        {
            var due = start + (long)(i * interval);
            PreciseWait.Until(due);
            running.Add(OneAsync(due)); // sends here and now; the rest runs when the reply comes
        }

        await Task.WhenAll(running);
        foreach (var connection in idle)
        {
            connection.Dispose();
        }

        return OpenLoopSlice.Of([.. samples], errors, connections);

        async Task OneAsync(long due)
        {
            LoadConnection? connection = null;
            try
            {
                if (!idle.TryTake(out connection))
                {
                    if (Interlocked.Increment(ref connections) > MostConnections)
                    {
                        throw new IOException("The peer keeps more requests waiting than there may be connections.");
                    }

                    connection = new LoadConnection();
                    await connection.ConnectAsync(address, cancellationToken);
                }

                var sample = await connection.ExchangeAsync(request, due, cancellationToken);
                if (sample.Status == 200 && sample.ContentBytes > 0)
                {
                    samples.Add(sample);
                    idle.Add(connection);
                    return;
                }
            }
            catch (Exception exception) when (exception is IOException or SocketException or InvalidDataException)
            {
                // counted below
            }

            Interlocked.Increment(ref errors);
            connection?.Dispose();
        }
    }

    private static byte[] Request(Peer peer, Workload workload, Uri address)
    {
        var body = Encoding.UTF8.GetBytes(workload.Body());
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"POST {address.PathAndQuery} HTTP/1.1\r\nhost: {address.Authority}\r\ncontent-type: application/json\r\ncontent-length: {body.Length}\r\n");
        foreach (var (name, value) in peer.Headers(workload))
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        return [.. Encoding.ASCII.GetBytes(head.Append("\r\n").ToString()), .. body];
    }
}
