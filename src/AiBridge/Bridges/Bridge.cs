using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Providers;

namespace Trinity.AiBridge.Bridges;

/// <summary>One revision of one provider, ready to forward: base URL, keys, connection pool.</summary>
/// <remarks>
/// Immutable but for its <see cref="LeaseState"/>; <see cref="RetiredAt"/>, which the retiring thread writes before it sets the retired bit and others may
/// read only when they have seen that bit; its idle time, which the pool's sweep alone writes; and its circuits, which guard themselves. It is closed by whoever finds it retired and without
/// leases, exactly once.
/// </remarks>
#pragma warning disable CA1001 // _aborted: see there
internal sealed class Bridge
#pragma warning restore CA1001
{
    private readonly CancellationTokenSource _aborted = new(); // never disposed: it has no timer, and the reaper may still cancel it
    private readonly Action<Bridge> _closed;
    private LeaseState _state;
    private volatile bool _used = true; // set with every lease, cleared by the sweep
    private DateTimeOffset _unusedSince;

    public Bridge(BridgeKey key, ProviderModel provider, HttpMessageInvoker invoker, KeyRing keys, CircuitBreakers? circuits, Action<Bridge> closed)
    {
        Key = key;
        Provider = provider;
        Invoker = invoker;
        Keys = keys;
        Circuits = circuits;
        Type = ProviderCatalog.Get(provider.Config.Type);
        BaseUrl = Type.NormalizeBaseUrl(provider.Config.BaseUrl);
        Addresses = new UpstreamAddresses(BaseUrl);
        Aborted = _aborted.Token;
        _closed = closed;
    }

    public BridgeKey Key { get; }

    public ProviderModel Provider { get; }

    public IProvider Type { get; }

    public string BaseUrl { get; }

    public UpstreamAddresses Addresses { get; }

    public HttpMessageInvoker Invoker { get; }

    public KeyRing Keys { get; }

    /// <summary>Null when the provider has none.</summary>
    public CircuitBreakers? Circuits { get; }

    /// <summary>Fires when the drain deadline has passed: what is still running is cut.</summary>
    public CancellationToken Aborted { get; }

    public int Leases => _state.Leases;

    public bool IsRetired => _state.IsRetired;

    /// <summary>When it was retired; meaningless before.</summary>
    public DateTimeOffset RetiredAt { get; private set; }

    public bool TryAcquire()
    {
        if (!_state.TryAcquire())
        {
            return false;
        }

        _used = true;
        return true;
    }

    public void Release()
    {
        if (_state.Release())
        {
            Close();
        }
    }

    /// <summary>Takes no new leases; closes now or with the last lease. False when it was retired before.</summary>
    public bool Retire(DateTimeOffset now)
    {
        if (_state.IsRetired)
        {
            return false;
        }

        RetiredAt = now;
        var first = _state.Retire(out var dispose);
        if (dispose)
        {
            Close();
        }

        return first;
    }

    /// <summary>The sweep's look at it: whether no request has used it for so long.</summary>
    public bool IsUnused(TimeSpan expiry, DateTimeOffset now)
    {
        if (_used || Leases > 0)
        {
            _used = false;
            _unusedSince = now;
        }

        return now - _unusedSince >= expiry;
    }

    /// <summary>Retires and closes it, unless a request has come.</summary>
    public bool TryRetireUnused(DateTimeOffset now)
    {
        RetiredAt = now;
        if (!_state.TryRetireUnused())
        {
            return false;
        }

        Close();
        return true;
    }

    /// <summary>Cuts the requests that still run on it.</summary>
    public void Abort() => _aborted.Cancel();

    private void Close() => _closed(this);
}
