namespace Trinity.AiBridge.Configuration;

/// <summary>The one place that holds the live snapshot.</summary>
/// <remarks>
/// <c>_current</c> is written by <c>CachedBridgePool.Reload</c> alone (under its lock) and read by everyone, both volatile.
/// On the request path only <c>ProxyEndpoint</c> may read it, once per attempt; later steps get the snapshot as a parameter.
/// </remarks>
internal sealed class ConfigProvider
{
    private volatile ConfigSnapshot? _current;

    /// <summary>Null until the first snapshot is applied.</summary>
    public ConfigSnapshot? Current => _current;

    /// <summary>Makes <paramref name="snapshot"/> live and returns the one before.</summary>
    public ConfigSnapshot? Swap(ConfigSnapshot snapshot) => Interlocked.Exchange(ref _current, snapshot);
}
