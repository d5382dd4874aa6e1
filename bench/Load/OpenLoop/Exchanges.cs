using System.Collections.Concurrent;
using System.Net.Sockets;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>The exchanges of one slice, on keep-alive connections that are open before it begins. A request that is due while all are busy waits for one, and its time runs meanwhile. A reply counts only when it is the expected one to its last byte's place.</summary>
/// <remarks>
/// Agents keep their connections. Opening one for each request that waits would measure that instead, and make a short pause of the machine a long one.
/// The dispatcher hands requests over, each connection's own flow ends them: <c>_lock</c> guards who is idle and what waits, samples and errors are interlocked, <c>_followed</c> is the dispatcher's.
/// </remarks>
internal sealed class Exchanges : IDisposable
{
    /// <summary>A peer that keeps this many requests waiting does not follow.</summary>
    private const int MostWaiting = 1000;

    private readonly Uri _address;
    private readonly ReadOnlyMemory<byte> _request;
    private readonly long _expectedBytes;
    private readonly ConcurrentBag<LoadSample> _samples = [];
    private readonly Lock _lock = new(); // of an idle connection and a waiting request there is never both
    private readonly Queue<LoadConnection> _idle = [];
    private readonly Queue<DueRequest> _waiting = [];
    private int _errors;
    private string? _firstError;
    private volatile bool _followed = true;

    private Exchanges(Uri address, ReadOnlyMemory<byte> request, long expectedBytes)
    {
        _address = address;
        _request = request;
        _expectedBytes = expectedBytes;
    }

    public IReadOnlyCollection<LoadSample> Samples => _samples;

    /// <summary>Whether the peer has kept up so far; when it has not, no more should be started.</summary>
    public bool Followed => _followed;

    public int Errors => _errors;

    /// <summary>What went wrong first, if anything did.</summary>
    public string? FirstError => _firstError;

    public static async Task<Exchanges> OpenAsync(Uri address, ReadOnlyMemory<byte> request, long expectedBytes, CancellationToken cancellationToken)
    {
        var exchanges = new Exchanges(address, request, expectedBytes);
        for (var i = 0; i < BenchPlan.Connections; i++)
        {
            exchanges._idle.Enqueue(await ConnectedAsync(address, cancellationToken));
        }

        return exchanges;
    }

    /// <summary>Sends it here and now, or leaves it to the next connection that is free. Called by one thread.</summary>
    /// <returns>What the connection does until it is idle again; completed where the request waits, since then others are not.</returns>
    public Task SendAsync(DueRequest request, CancellationToken cancellationToken)
    {
        LoadConnection? connection;
        lock (_lock)
        {
            if (!_idle.TryDequeue(out connection))
            {
                _waiting.Enqueue(request);
                _followed &= _waiting.Count < MostWaiting;
                return Task.CompletedTask;
            }
        }

        return UntilIdleAsync(connection, request, cancellationToken);
    }

    public void Dispose()
    {
        foreach (var connection in _idle)
        {
            connection.Dispose();
        }
    }

    // A peer that does not accept shows in the exchanges: each connects first where that has not been done.
    private static async Task<LoadConnection> ConnectedAsync(Uri address, CancellationToken cancellationToken)
    {
        var connection = new LoadConnection(address);
        try
        {
            await connection.ConnectAsync(cancellationToken);
            return connection;
        }
        catch (SocketException)
        {
            connection.Dispose();
            return new LoadConnection(address);
        }
    }

    private async Task UntilIdleAsync(LoadConnection connection, DueRequest request, CancellationToken cancellationToken)
    {
        do
        {
            if (!await OneAsync(connection, request, cancellationToken))
            {
                connection.Dispose();
                connection = new LoadConnection(_address);
            }
        }
        while (TakesNext(connection, out request));
    }

    private bool TakesNext(LoadConnection connection, out DueRequest request)
    {
        lock (_lock)
        {
            if (_waiting.TryDequeue(out request))
            {
                return true;
            }

            _idle.Enqueue(connection);
            return false;
        }
    }

    private async Task<bool> OneAsync(LoadConnection connection, DueRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var sample = await connection.ExchangeAsync(_request, request.Due, cancellationToken);
            if (sample.Status != 200 || sample.ContentBytes != _expectedBytes)
            {
                throw new InvalidDataException($"Status {sample.Status} with {sample.ContentBytes} bytes instead of {_expectedBytes}.");
            }

            if (request.Counts)
            {
                _samples.Add(sample);
            }

            return true;
        }
        catch (Exception exception) when (exception is IOException or SocketException or InvalidDataException)
        {
            Interlocked.Increment(ref _errors);
            Interlocked.CompareExchange(ref _firstError, exception.Message, null);
            return false;
        }
    }
}
