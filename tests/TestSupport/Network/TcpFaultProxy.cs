using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace Trinity.TestSupport.Network;

/// <summary>A TCP proxy on 127.0.0.1 whose fault can be switched while connections run.</summary>
/// <remarks><see cref="Fault"/> is swapped whole (volatile) and then announced; every pump looks at it before each write.</remarks>
public sealed class TcpFaultProxy : IAsyncDisposable
{
    private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _stopping = new();
    private readonly ConcurrentDictionary<TcpFaultConnection, Task> _connections = [];
    private readonly StateSignal _signal = new();
    private readonly IPEndPoint _target;
    private readonly Task _accepting;
    private volatile TcpFault _fault = TcpFault.None;
    private int _accepted;

    /// <summary>Starts a proxy in front of a port of 127.0.0.1.</summary>
    public TcpFaultProxy(int targetPort)
    {
        _target = new IPEndPoint(IPAddress.Loopback, targetPort);
        _listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        _listener.Listen();
        Port = ((IPEndPoint)_listener.LocalEndPoint!).Port;
        _accepting = AcceptAsync(_stopping.Token);
    }

    public int Port { get; }

    public int AcceptedConnections => Volatile.Read(ref _accepted);

    public int OpenConnections => _connections.Count;

    /// <summary>What happens to the bytes from now on, on present connections too.</summary>
    public TcpFault Fault
    {
        get => _fault;
        set
        {
            _fault = value;
            _signal.Changed();
            if (value.CutsAfter == 0)
            {
                CutAll(value.CutsByReset);
            }
        }
    }

    /// <summary>Waits until exactly so many connections are open.</summary>
    public Task WhenOpenConnectionsAsync(int count, CancellationToken cancellationToken = default) =>
        _signal.WaitAsync(() => OpenConnections == count, () => $"{count} connections should be open, {OpenConnections} are.", cancellationToken);

    /// <summary>Cuts the present connections once; new ones are served.</summary>
    public void CutAll(bool reset)
    {
        foreach (var connection in _connections.Keys)
        {
            connection.Cut(reset);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        CutAll(reset: true);
        await Task.WhenAll(_connections.Values);
        _stopping.Dispose();
    }

    internal Task WhenNotHoldingAsync(CancellationToken cancellationToken) => _signal.WaitWithoutLimitAsync(() => !_fault.Holds, cancellationToken);

    private async Task AcceptAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var client = await _listener.AcceptAsync(cancellationToken);
                Interlocked.Increment(ref _accepted);
                var connection = new TcpFaultConnection(this, client, cancellationToken);
                var start = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                _connections[connection] = RunAsync(connection, start.Task);
                start.SetResult();
            }
            catch (OperationCanceledException)
            {
                return;
            }
            catch (SocketException) when (!cancellationToken.IsCancellationRequested)
            {
                // The client was gone before it was accepted; the next one is served.
            }
        }
    }

    private async Task RunAsync(TcpFaultConnection connection, Task isListed)
    {
        await isListed; // so that it cannot be taken off the list before it is on it
        _signal.Changed();
        using (connection)
        {
            await connection.RunAsync(_target);
        }

        _connections.TryRemove(connection, out _);
        _signal.Changed();
    }
}
