using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Telemetry;

namespace Trinity.AiBridge.Bridges;

/// <summary>Builds bridges. There is no I/O in it and nothing that can fail: a snapshot's enabled providers are valid.</summary>
internal sealed class BridgeFactory(InvokerPool invokers, KeyHealthRegistry health, BridgeMetrics metrics, TimeProvider time, ILogger<CircuitBreakers> logger)
{
    /// <param name="provider">An enabled provider.</param>
    /// <param name="closed">Called once, when the bridge is retired and its last lease is gone.</param>
    public Bridge Create(ProviderModel provider, Action<Bridge> closed)
    {
        var invokerKey = InvokerKey.Of(provider.Config.BaseUrl);
        return new Bridge(
            new BridgeKey(provider.Id, provider.Revision),
            provider,
            invokers.Acquire(invokerKey),
            new KeyRing(provider.Config.Keys, health),
            provider.Config.Settings.CircuitBreaker is { } breaker ? new CircuitBreakers(provider.Name, breaker, metrics, time, logger) : null,
            bridge =>
            {
                invokers.Release(invokerKey);
                closed(bridge);
            });
    }
}
