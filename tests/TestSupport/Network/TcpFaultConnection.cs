using System.Net;
using System.Net.Sockets;

namespace Trinity.TestSupport.Network;

/// <summary>One connection through a <see cref="TcpFaultProxy"/>: two pumps, and the scissors.</summary>
/// <remarks>Any thread may cut, once counts; the sockets are closed by the cut, or by the owner when the pumps have ended.</remarks>
internal sealed class TcpFaultConnection(TcpFaultProxy proxy, Socket client, CancellationToken stopping) : IDisposable
{
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly CancellationTokenSource _cut = CancellationTokenSource.CreateLinkedTokenSource(stopping);
    private int _isCut;

    public async Task RunAsync(IPEndPoint target)
    {
        try
        {
            client.NoDelay = true;
            if (proxy.Fault.CutsAfter == 0)
            {
                Cut(proxy.Fault.CutsByReset);
                return;
            }

            await proxy.WhenNotHoldingAsync(_cut.Token);
            await _server.ConnectAsync(target, _cut.Token);
            await Task.WhenAll(PumpAsync(client, _server, toClient: false), PumpAsync(_server, client, toClient: true));
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Cut(reset: true); // the target refused, or we cut
        }
    }

    public void Dispose()
    {
        client.Dispose();
        _server.Dispose();
        _cut.Dispose();
    }

    public void Cut(bool reset)
    {
        if (Interlocked.Exchange(ref _isCut, 1) != 0)
        {
            return;
        }

        foreach (var socket in (Socket[])[client, _server])
        {
            try
            {
                if (reset)
                {
                    socket.Close(timeout: 0); // no linger: RST
                }
                else
                {
                    socket.Shutdown(SocketShutdown.Both);
                    socket.Close();
                }
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException)
            {
                socket.Dispose(); // never connected, gone already, or ended by itself just now
            }
        }

        CancelPumps();
    }

    private async Task PumpAsync(Socket source, Socket destination, bool toClient)
    {
        try
        {
            await new TcpFaultPump(proxy, this, source, destination, toClient).RunAsync(_cut.Token);
        }
        catch (Exception exception) when (exception is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            Cut(reset: true); // one side broke, or we cut: the other side is to see it
        }
    }

    private void CancelPumps()
    {
        try
        {
            _cut.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // The pumps ended on their own in the meantime.
        }
    }
}
