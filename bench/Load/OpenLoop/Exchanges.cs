using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>The exchanges of one slice, on as many keep-alive connections as they need. A reply counts only when it is the expected one to its last byte's place.</summary>
/// <remarks>Concurrent: the dispatcher starts exchanges, each ends on its own.</remarks>
internal sealed class Exchanges(Uri address, ReadOnlyMemory<byte> request, long expectedBytes) : IDisposable
{
    /// <summary>A peer that keeps this many requests waiting does not follow.</summary>
    private const int MostConnections = 1000;

    private readonly ConcurrentBag<LoadConnection> _idle = [];
    private readonly ConcurrentBag<LoadSample> _samples = [];
    private int _connections;
    private int _errors;
    private string? _firstError;

    public IReadOnlyCollection<LoadSample> Samples => _samples;

    /// <summary>Whether the peer keeps up so far; when it does not, no more should be started.</summary>
    public bool Followed => Volatile.Read(ref _connections) < MostConnections;

    public int Errors => _errors;

    /// <summary>What went wrong first, if anything did.</summary>
    public string? FirstError => _firstError;

    /// <param name="due">As <see cref="System.Diagnostics.Stopwatch.GetTimestamp"/>.</param>
    /// <param name="counts">Whether its times are a sample; an error always is one.</param>
    /// <param name="cancellationToken">The run's.</param>
    public async Task OneAsync(long due, bool counts, CancellationToken cancellationToken)
    {
        LoadConnection? connection = null;
        try
        {
            connection = _idle.TryTake(out var free) ? free : await OpenAsync(cancellationToken);
            var sample = await connection.ExchangeAsync(request, due, cancellationToken);
            if (sample.Status != 200 || sample.ContentBytes != expectedBytes)
            {
                throw new InvalidDataException($"Status {sample.Status} with {sample.ContentBytes} bytes instead of {expectedBytes}.");
            }

            if (counts)
            {
                _samples.Add(sample);
            }

            _idle.Add(connection);
        }
        catch (Exception exception) when (exception is IOException or SocketException or InvalidDataException)
        {
            Interlocked.Increment(ref _errors);
            Interlocked.CompareExchange(ref _firstError, exception.Message, null);
            connection?.Dispose();
        }
    }

    public void Dispose()
    {
        foreach (var connection in _idle)
        {
            connection.Dispose();
        }
    }

    private async Task<LoadConnection> OpenAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _connections);
        var connection = new LoadConnection();
        await connection.ConnectAsync(address, cancellationToken);
        return connection;
    }
}
