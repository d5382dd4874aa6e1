using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Trinity.ControlPlane.AccountUsage;
using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>A pool whose workers are in memory, and whose clock the test moves.</summary>
internal sealed class PoolBench : IAsyncDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public PoolBench(Action<AccountUsageOptions>? configure = null)
    {
        configure?.Invoke(Settings);
        Pool = new ProbeWorkerPool(Settings, Workers, new ProbeWorkerMetrics(_services.GetRequiredService<IMeterFactory>()), Time, NullLogger.Instance);
    }

    public AccountUsageOptions Settings { get; } = new();

    public FakeWorkers Workers { get; } = new();

    public ManualTimeProvider Time { get; } = new();

    public ProbeWorkerPool Pool { get; }

    public Task<WorkerLease?> ClaimAsync(string home = "/a", CancellationToken? cancellationToken = null) => Pool.ClaimAsync(home, cancellationToken ?? Timeouts.Token).AsTask();

    /// <summary>A claim that has to succeed, with the worker's process started.</summary>
    public async Task<(WorkerLease Lease, FakeWorkerProcess Process)> RunningAsync(string home = "/a")
    {
        var lease = await ClaimAsync(home);
        return (lease!, Assert.IsType<FakeWorkerProcess>(await lease!.ProcessAsync(Timeouts.Token)));
    }

    /// <summary>So many claims at once, each with its process started, all released again.</summary>
    public async Task<FakeWorkerProcess[]> WarmAsync(string home = "/a", int workers = 2)
    {
        var running = new List<(WorkerLease Lease, FakeWorkerProcess Process)>();
        for (var index = 0; index < workers; index++)
        {
            running.Add(await RunningAsync(home));
        }

        running.ForEach(each => each.Lease.Dispose());
        return [.. running.Select(each => each.Process)];
    }

    public Task WhenGoneAsync(params FakeWorkerProcess[] processes) =>
        Workers.WhenAsync(() => Array.TrueForAll(processes, process => process.IsDisposed), "the workers should have been ended and waited for");

    public async ValueTask DisposeAsync()
    {
        await Pool.DisposeAsync();
        Assert.Empty(Workers.Violations);
        Assert.Empty(Workers.Living);
        await _services.DisposeAsync();
    }
}
