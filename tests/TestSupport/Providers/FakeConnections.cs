using Microsoft.AspNetCore.Connections;

namespace Trinity.TestSupport.Providers;

/// <summary>Counts the TCP connections that the fake provider accepts and holds.</summary>
internal sealed class FakeConnections
{
    private readonly StateSignal _signal = new();
    private int _accepted;
    private int _open;

    public int Accepted => Volatile.Read(ref _accepted);

    public int Open => Volatile.Read(ref _open);

    public Task WhenOpenAsync(int count, CancellationToken cancellationToken) =>
        _signal.WaitAsync(() => Open == count, () => $"{count} connections should be open, {Open} are.", cancellationToken);

    public ConnectionDelegate Count(ConnectionDelegate next) => async connection =>
    {
        Interlocked.Increment(ref _accepted);
        Interlocked.Increment(ref _open);
        _signal.Changed();
        try
        {
            await next(connection);
        }
        finally
        {
            Interlocked.Decrement(ref _open);
            _signal.Changed();
        }
    };
}
