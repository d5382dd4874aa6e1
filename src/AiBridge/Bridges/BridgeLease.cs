namespace Trinity.AiBridge.Bridges;

/// <summary>The right to use a bridge until disposed; it keeps the bridge open. Disposing twice is harmless.</summary>
internal sealed class BridgeLease(Bridge bridge) : IDisposable
{
    private Bridge? _held = bridge;

    public Bridge Bridge { get; } = bridge;

    public void Dispose() => Interlocked.Exchange(ref _held, null)?.Release();
}
