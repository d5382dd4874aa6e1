using System.Collections.Frozen;
using System.Diagnostics.Metrics;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Telemetry;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.AiBridge.Tests.Bridges;

/// <summary>A pool with its parts in reach: no host, no database, a clock that stands still, and hooks that hold its windows open.</summary>
internal sealed class PoolBench : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener = new();
    private int _invokersCreated;
    private int _invokersDisposed;
    private long _cuts;

    public PoolBench(ILogger<CachedBridgePool>? logger = null)
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        Invokers = new InvokerPool(CreateInvoker);
        var metrics = new BridgeMetrics(meters);
        Pool = new CachedBridgePool(Config, new BridgeFactory(Invokers, Health, metrics, Time, NullLogger<CircuitBreakers>.Instance), metrics, Time, Options.Create(Settings), logger ?? NullLogger<CachedBridgePool>.Instance);
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters))
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Measured(instrument.Name, value));
        _listener.Start();
    }

    public AiBridgeOptions Settings { get; } = new();

    public ManualTimeProvider Time { get; } = new();

    public ConfigProvider Config { get; } = new();

    public KeyHealthRegistry Health { get; } = new();

    public InvokerPool Invokers { get; }

    public CachedBridgePool Pool { get; }

    /// <summary>Runs inside a build, under the pool's lock, when a connection pool is needed that is not there.</summary>
    public Action? InsideBuild { get; set; }

    /// <summary>Runs in the middle of a retirement: the bridge is listed as draining, and still gives out leases.</summary>
    public Action? InsideRetirement { get; set; }

    public int InvokersOpen => Volatile.Read(ref _invokersCreated) - Volatile.Read(ref _invokersDisposed);

    public int InvokersCreated => Volatile.Read(ref _invokersCreated);

    /// <summary>Requests cut at the drain deadline, as the metric counts them.</summary>
    public long Cuts => Interlocked.Read(ref _cuts);

    /// <summary>A provider whose id follows from its name.</summary>
    public static ProviderModel Provider(string name = "openai", string key = "sk-one", string baseUrl = "http://127.0.0.1:9/v1", ProviderState state = ProviderState.Enabled)
    {
        var config = new ProviderConfig
        {
            Id = IdOf(name),
            Name = name,
            Type = ProviderTypes.OpenAi,
            BaseUrl = baseUrl,
            Enabled = state != ProviderState.Disabled,
            Keys = [new ProviderKey { Id = IdOf(key), Ordinal = 0, Secret = new SecretString(key), Hint = "…" }],
        };
        return new ProviderModel(config, ConfigRevision.Of(config), state);
    }

    public static ConfigSnapshot Snapshot(long generation, params ProviderModel[] providers) => new()
    {
        Revision = generation,
        Generation = generation,
        Providers = providers.ToFrozenDictionary(provider => provider.Name, StringComparer.Ordinal),
        VirtualKeys = FrozenDictionary<VirtualKeyHash, VirtualKeyConfig>.Empty,
    };

    public static string KeyOf(BridgeLease lease) => lease.Bridge.Provider.Config.Keys[0].Secret.Reveal();

    /// <summary>Runs a body on so many real threads that start at the same moment.</summary>
    public static async Task OnThreadsAsync(int count, Action<int> body)
    {
        using var start = new Barrier(count);
        await Task.WhenAll(Enumerable.Range(0, count).Select(number => Task.Factory.StartNew(
            () =>
            {
                start.SignalAndWait(Timeouts.Token);
                body(number);
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default)));
    }

    public BridgeLease Acquire(ProviderModel provider)
    {
        Assert.True(Pool.TryAcquire(provider, out var lease));
        return lease;
    }

    /// <summary>Every bridge ever built lives, drains or has closed: none is without an owner.</summary>
    public void AssertEveryBridgeIsAccountedFor() =>
        Assert.Equal(Pool.Built, Pool.Live.Count + Pool.Draining.Count + Pool.Closed);

    public void Dispose()
    {
        _listener.Dispose();
        Pool.Dispose();
        _services.Dispose();
    }

    private static Guid IdOf(string name) => new(SHA256.HashData(Encoding.UTF8.GetBytes(name)).AsSpan(0, 16));

    private void Measured(string instrument, long value)
    {
        if (instrument == "trinity_bridges_retired")
        {
            InsideRetirement?.Invoke();
        }
        else if (instrument == "trinity_drain_deadline_cuts")
        {
            Interlocked.Add(ref _cuts, value);
        }
    }

    private HttpMessageInvoker CreateInvoker()
    {
        InsideBuild?.Invoke();
        Interlocked.Increment(ref _invokersCreated);
        return new HttpMessageInvoker(new CountedHandler(() => Interlocked.Increment(ref _invokersDisposed)));
    }

    private sealed class CountedHandler(Action disposed) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            throw new NotSupportedException("No request is sent in these tests.");

        protected override void Dispose(bool disposing)
        {
            disposed();
            base.Dispose(disposing);
        }
    }
}
