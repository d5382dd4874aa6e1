using System.Threading.Channels;

namespace Trinity.AiBridge.Reload;

/// <summary>"Something may have changed", coalesced: however often it is raised before a loop looks, the loop runs once.</summary>
/// <remarks>A channel of one: anyone writes, its loop alone reads. A signal raised while the loop is at work stays, so no change is missed.</remarks>
internal sealed class ChangeSignal
{
    private readonly Channel<byte> _channel = Channel.CreateBounded<byte>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });

    public void Raise() => _channel.Writer.TryWrite(0);

    /// <summary>Waits until it is raised, and takes it.</summary>
    public async Task WaitAsync(CancellationToken cancellationToken) => await _channel.Reader.ReadAsync(cancellationToken);
}
