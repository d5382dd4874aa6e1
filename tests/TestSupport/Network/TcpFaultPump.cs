using System.Net.Sockets;

namespace Trinity.TestSupport.Network;

/// <summary>One direction of a connection.</summary>
internal sealed class TcpFaultPump(TcpFaultProxy proxy, TcpFaultConnection connection, Socket source, Socket destination, bool toClient)
{
    private const int SlicesPerSecond = 20;

    private TcpFault _fault = TcpFault.None;
    private long _sinceFault;

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var buffer = new byte[16 * 1024];
        while (await source.ReceiveAsync(buffer.AsMemory(), SocketFlags.None, cancellationToken) is > 0 and var count)
        {
            await RelayAsync(buffer.AsMemory(0, count), cancellationToken);
        }

        await proxy.WhenNotHoldingAsync(cancellationToken);
        destination.Shutdown(SocketShutdown.Send);
    }

    private async Task RelayAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            await proxy.WhenNotHoldingAsync(cancellationToken);
            var fault = CurrentFault();
            if (fault.Latency > TimeSpan.Zero)
            {
                await Task.Delay(fault.Latency, cancellationToken);
            }

            var slice = bytes[..Allowed(fault, bytes.Length)];
            await SendAsync(slice, cancellationToken);
            _sinceFault += slice.Length;
            bytes = bytes[slice.Length..];
            if (toClient && _sinceFault >= fault.CutsAfter)
            {
                connection.Cut(fault.CutsByReset);
                return;
            }

            if (fault.BytesPerSecond is { } rate)
            {
                await Task.Delay(TimeSpan.FromSeconds((double)slice.Length / rate), cancellationToken);
            }
        }
    }

    private TcpFault CurrentFault()
    {
        var fault = proxy.Fault;
        if (!ReferenceEquals(fault, _fault))
        {
            _fault = fault;
            _sinceFault = 0;
        }

        return fault;
    }

    private int Allowed(TcpFault fault, int length)
    {
        if (fault.BytesPerSecond is { } rate)
        {
            length = Math.Min(length, Math.Max(1, rate / SlicesPerSecond));
        }

        return toClient && fault.CutsAfter is { } cut ? (int)Math.Min(length, cut - _sinceFault) : length;
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await destination.SendAsync(bytes, SocketFlags.None, cancellationToken)..];
        }
    }
}
