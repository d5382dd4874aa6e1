using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Telemetry;

namespace Trinity.AiBridge.Bridges;

/// <summary>The live bridges, one per provider revision in use. Requests lease them; <see cref="Reload"/> retires exactly those whose provider changed.</summary>
/// <remarks>
/// Concurrency: <c>_gate</c> serialises building, <see cref="Reload"/> and <see cref="Dispose"/>, and with them every write to the live snapshot, so
/// that no bridge of an older snapshot can be put in after a reload. A lease on a cached bridge takes no lock: it is one compare-and-swap that a retired
/// bridge refuses. <c>_draining</c> is concurrent; a bridge is in it from before its retired bit is set until it has closed. A reload retires first and
/// swaps last, so that whoever reads the live snapshot and then <c>_draining</c> misses no request on an older one. Lock order: <c>_gate</c>, then the
/// locks of the cache and of <see cref="InvokerPool"/>.
/// </remarks>
internal sealed partial class CachedBridgePool : IDisposable
{
    private const int MaxBridges = 5000;

    private readonly Lock _gate = new();
    private readonly ConfigProvider _config;
    private readonly BridgeFactory _factory;
    private readonly BridgeMetrics _metrics;
    private readonly TimeProvider _time;
    private readonly TimeSpan _idleExpiry;
    private readonly ILogger<CachedBridgePool> _logger;
#pragma warning disable CA2213 // a request may look into it while the pool is disposed; it holds nothing that is not closed by retiring
    private readonly MemoryCache _bridges = new(new MemoryCacheOptions { SizeLimit = MaxBridges });
#pragma warning restore CA2213
    private readonly ConcurrentDictionary<Bridge, Guid> _draining = new();
    private int _built;
    private int _closed;
    private bool _disposed;

    public CachedBridgePool(ConfigProvider config, BridgeFactory factory, BridgeMetrics metrics, TimeProvider time, IOptions<AiBridgeOptions> options, ILogger<CachedBridgePool> logger)
    {
        _config = config;
        _factory = factory;
        _metrics = metrics;
        _time = time;
        _idleExpiry = options.Value.BridgeIdleExpiry;
        _logger = logger;
        metrics.ObserveBridges(() => LeasesOf(Live), () => LeasesOf(_draining.Keys), () => _draining.Count);
        metrics.ObserveKeys(() => Live.SelectMany(bridge => bridge.Keys.States(time.GetUtcNow()), (bridge, keys) => (bridge.Provider.Name, keys.State, keys.Count)));
        metrics.ObserveCircuits(() => Live.SelectMany(bridge => bridge.Circuits?.States ?? [], (bridge, circuit) => (bridge.Provider.Name, circuit.Endpoint, circuit.Model, circuit.State)));
    }

    /// <summary>Bridges that take leases.</summary>
    public IReadOnlyList<Bridge> Live => [.. _bridges.Keys.Select(key => _bridges.Get<Bridge>(key)).OfType<Bridge>()];

    /// <summary>Bridges that are retired, or about to be within the same reload, with requests still running on them.</summary>
    public IReadOnlyCollection<Bridge> Draining => [.. _draining.Keys];

    /// <summary>Bridges ever built.</summary>
    public int Built => Volatile.Read(ref _built);

    /// <summary>Bridges closed; <see cref="Built"/> less this is what lives and drains.</summary>
    public int Closed => Volatile.Read(ref _closed);

    /// <summary>Leases the provider's bridge, building it when there is none.</summary>
    /// <param name="provider">An enabled provider of the request's snapshot.</param>
    /// <param name="lease">To be disposed when the exchange is over.</param>
    /// <returns>False when the provider's revision is no longer the live one (look at the current snapshot again) or the pool is closed.</returns>
    public bool TryAcquire(ProviderModel provider, [NotNullWhen(true)] out BridgeLease? lease)
    {
        var key = new BridgeKey(provider.Id, provider.Revision);
        if (_bridges.TryGetValue(key, out Bridge? bridge) && bridge!.TryAcquire())
        {
            lease = new BridgeLease(bridge);
            return true;
        }

        lock (_gate)
        {
            if (_disposed || _config.Current?.Serves(provider) != true)
            {
                lease = null;
                return false;
            }

            // Another request may have built it meanwhile; one that is retired all the same (the cache was full) is replaced.
            if (!_bridges.TryGetValue(key, out bridge) || !bridge!.TryAcquire())
            {
                bridge = Build(provider, withLease: true);
            }
        }

        lease = new BridgeLease(bridge);
        return true;
    }

    /// <summary>Makes <paramref name="snapshot"/> live and retires the bridges whose provider changed, was disabled or is gone. Cannot fail.</summary>
    /// <remarks>When it returns, no request can get an old bridge any more; requests on old bridges run on.</remarks>
    /// <returns>How many bridges were retired.</returns>
    public int Reload(ConfigSnapshot snapshot)
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return 0;
            }

            var retired = 0;
            foreach (var bridge in Live)
            {
                if (snapshot.Serves(bridge.Provider))
                {
                    continue;
                }

                // The successor comes first, so that the connection pool they share is never without an owner.
                if (snapshot.Providers.Values.FirstOrDefault(provider => provider.Id == bridge.Provider.Id && provider.State == ProviderState.Enabled) is { } successor)
                {
                    Build(successor, withLease: false);
                }

                Retire(bridge);
                _bridges.Remove(bridge.Key);
                retired++;
            }

            _config.Swap(snapshot);
            return retired;
        }
    }

    /// <summary>Closes the bridges that no request has used for long. One with a request on it is in use, however long that takes.</summary>
    public void RemoveUnused()
    {
        lock (_gate)
        {
            var now = _time.GetUtcNow();
            foreach (var bridge in Live)
            {
                if (bridge.IsUnused(_idleExpiry, now) && bridge.TryRetireUnused(now))
                {
                    _metrics.BridgeRetired(bridge.Provider.Name);
                    _bridges.Remove(bridge.Key);
                }
            }
        }
    }

    /// <summary>Cuts what still runs on bridges that were retired before <paramref name="deadline"/>; returns how many requests that were.</summary>
    public int AbortRetiredBefore(DateTimeOffset deadline)
    {
        var cut = 0;
        foreach (var bridge in _draining.Keys)
        {
            if (bridge.IsRetired && bridge.RetiredAt < deadline && !bridge.Aborted.IsCancellationRequested && bridge.Leases is > 0 and var leases)
            {
                Log.DrainDeadlinePassed(_logger, bridge.Provider.Name, leases);
                _metrics.DrainDeadlinePassed(bridge.Provider.Name, leases);
                bridge.Abort();
                cut += leases;
            }
        }

        return cut;
    }

    /// <summary>Cuts everything that runs, for a process that must end; returns how many requests that were.</summary>
    public int AbortAll()
    {
        var cut = 0;
        foreach (var bridge in Live.Concat(_draining.Keys))
        {
            cut += bridge.Leases;
            bridge.Abort();
        }

        return cut;
    }

    /// <summary>Refuses leases from now on; bridges close as their last leases go. Safe to call twice, and before or after <see cref="Reload"/>.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
            foreach (var bridge in Live)
            {
                Retire(bridge);
            }

            _bridges.Clear();
        }
    }

    private Bridge Build(ProviderModel provider, bool withLease)
    {
        var bridge = _factory.Create(provider, OnClosed);
        Interlocked.Increment(ref _built);
        if (withLease)
        {
            bridge.TryAcquire(); // before it is cached: a cache that is full evicts it at once, and the lease keeps it
        }

        var entry = new MemoryCacheEntryOptions { Size = 1 };
        entry.RegisterPostEvictionCallback(static (_, value, _, pool) => ((CachedBridgePool)pool!).OnEvicted((Bridge)value!), this);
        _bridges.Set(bridge.Key, bridge, entry);
        Log.BridgeBuilt(_logger, provider.Name, provider.Revision);
        return bridge;
    }

    // The cache is full. It calls this from the thread pool, never inside one of our calls to it.
    private void OnEvicted(Bridge bridge)
    {
        lock (_gate)
        {
            Retire(bridge);
        }
    }

    // Under the gate, so that a bridge enters _draining once, before it can close.
    private void Retire(Bridge bridge)
    {
        if (bridge.IsRetired)
        {
            return;
        }

        _draining.TryAdd(bridge, bridge.Provider.Id);
        _metrics.BridgeRetired(bridge.Provider.Name);
        bridge.Retire(_time.GetUtcNow());
        if (bridge.Leases > 0)
        {
            Log.BridgeDraining(_logger, bridge.Provider.Name, bridge.Key.Revision, bridge.Leases);
        }
    }

    private void OnClosed(Bridge bridge)
    {
        _draining.TryRemove(bridge, out _);
        Interlocked.Increment(ref _closed);
        var drained = _time.GetUtcNow() - bridge.RetiredAt;
        _metrics.BridgeClosed(bridge.Provider.Name, drained);
        Log.BridgeClosed(_logger, bridge.Provider.Name, bridge.Key.Revision, drained.TotalSeconds);
    }

    private static int LeasesOf(IEnumerable<Bridge> bridges) => bridges.Sum(bridge => bridge.Leases);

    private static partial class Log
    {
        [LoggerMessage(EventIds.BridgeBuilt, LogLevel.Debug, "Bridge for {Provider} at revision {Revision} is built.")]
        public static partial void BridgeBuilt(ILogger logger, string provider, string revision);

        [LoggerMessage(EventIds.BridgeDraining, LogLevel.Information, "Bridge for {Provider} at revision {Revision} is retired and drains {Leases} requests.")]
        public static partial void BridgeDraining(ILogger logger, string provider, string revision, int leases);

        [LoggerMessage(EventIds.BridgeClosed, LogLevel.Debug, "Bridge for {Provider} at revision {Revision} closed {Seconds} s after its retirement.")]
        public static partial void BridgeClosed(ILogger logger, string provider, string revision, double seconds);

        [LoggerMessage(EventIds.DrainDeadlinePassed, LogLevel.Error, "The drain deadline of {Provider} has passed: {Leases} requests on a retired bridge are cut.")]
        public static partial void DrainDeadlinePassed(ILogger logger, string provider, int leases);
    }
}
