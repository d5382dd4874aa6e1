using System.Threading.Channels;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Wakes the workers that handle refusals: many raises before one looks are one.</summary>
/// <remarks>A channel of one for each worker: anyone writes, its worker alone reads. A signal raised while a worker works stays, so no refusal is missed.</remarks>
internal sealed class RefusalSignal
{
    /// <summary>One agent that is slow to take its credential holds up one of them.</summary>
    public const int Workers = 4;

    private readonly Channel<byte>[] _channels =
        [.. Enumerable.Range(0, Workers).Select(_ => Channel.CreateBounded<byte>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite }))];

    public void Raise()
    {
        foreach (var channel in _channels)
        {
            channel.Writer.TryWrite(0);
        }
    }

    /// <summary>Waits until it is raised, and takes it for one worker.</summary>
    public async Task WaitAsync(int worker, CancellationToken cancellationToken) => await _channels[worker].Reader.ReadAsync(cancellationToken);
}
