using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Configuration;

namespace Trinity.Bench.Micro;

/// <summary>Step 4 of the request path: a lease on a bridge taken and given back, in peace and while reloads swap the bridge.</summary>
[MemoryDiagnoser]
public class LeaseBenchmarks
{
    private static readonly TimeSpan ReloadInterval = TimeSpan.FromMilliseconds(1);

    private readonly CancellationTokenSource _stop = new();
    private MemoryBridge? _bridge;
    private CachedBridgePool? _pool;
    private ConfigProvider? _config;
    private Task _reloads = Task.CompletedTask;

    [GlobalSetup(Target = nameof(AcquireAndRelease))]
    public void Start()
    {
        _bridge = new MemoryBridge();
        _pool = _bridge.Services.GetRequiredService<CachedBridgePool>();
        _config = _bridge.Services.GetRequiredService<ConfigProvider>();
    }

    [GlobalSetup(Target = nameof(AcquireAndReleaseUnderReloads))]
    public void StartReloading()
    {
        Start();
        _reloads = ReloadAsync(_stop.Token);
    }

    [GlobalCleanup]
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _reloads;
        await _bridge!.DisposeAsync();
    }

    [Benchmark(Description = "acquire and release")]
    public bool AcquireAndRelease()
    {
        if (!_pool!.TryAcquire(_config!.Current!.Providers[BenchConfig.Provider], out var lease))
        {
            return false; // the snapshot was replaced: a request looks again
        }

        lease.Dispose();
        return true;
    }

    /// <summary>The reloads' own bytes are in it, spread over the thousands of leases between two of them.</summary>
    [Benchmark(Description = "acquire and release, a reload every millisecond beside it")]
    public bool AcquireAndReleaseUnderReloads() => AcquireAndRelease();

    private async Task ReloadAsync(CancellationToken cancellationToken)
    {
        ConfigSnapshot[] snapshots = [BenchConfig.Snapshot(2, "sk-ant-bench-another-0123"), BenchConfig.Snapshot()];
        using var timer = new PeriodicTimer(ReloadInterval);
        for (var reload = 0; !cancellationToken.IsCancellationRequested; reload++)
        {
            _pool!.Reload(snapshots[reload % snapshots.Length]);
            await timer.WaitForNextTickAsync(CancellationToken.None);
        }
    }
}
