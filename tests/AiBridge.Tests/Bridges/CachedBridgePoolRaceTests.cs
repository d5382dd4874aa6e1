using Microsoft.Extensions.Logging;
using Trinity.AiBridge.Bridges;
using Trinity.AiBridge.Configuration;

namespace Trinity.AiBridge.Tests.Bridges;

/// <summary>The races of reload against everything else, each with its window held open.</summary>
public sealed class CachedBridgePoolRaceTests
{
    // 2.4 a: the lookup found the bridge, and it retires before the lease is taken.
    [Fact]
    public async Task TryAcquire_FoundBridgeIsRetiredMeanwhile_IsRefusedNotServedOnADeadBridge()
    {
        using var hook = new RetirementLog();
        using var bench = new PoolBench(hook);
        var (old, rotated) = (PoolBench.Provider(key: "sk-old"), PoolBench.Provider(key: "sk-new"));
        bench.Pool.Reload(PoolBench.Snapshot(1, old));
        using var stream = bench.Acquire(old);
        Task<bool>? late = null;
        hook.OnDraining = () =>
        {
            // The bridge is retired and still in the cache.
            Assert.False(stream.Bridge.TryAcquire());
            late = Task.Run(() => bench.Pool.TryAcquire(old, out _));
        };

        bench.Pool.Reload(PoolBench.Snapshot(2, rotated));

        Assert.False(await late!.WaitAsync(Timeouts.Token));
        Assert.Equal(2, bench.Pool.Built); // the old one and its successor, no second old one
        bench.AssertEveryBridgeIsAccountedFor();
    }

    // 2.4 a: the lease is taken in the last moment before the bridge retires.
    [Fact]
    public void TryAcquire_InTheMiddleOfTheRetirement_GetsALeaseThatHolds()
    {
        using var bench = new PoolBench();
        var (old, rotated) = (PoolBench.Provider(key: "sk-old"), PoolBench.Provider(key: "sk-new"));
        bench.Pool.Reload(PoolBench.Snapshot(1, old));
        bench.Acquire(old).Dispose();
        BridgeLease? last = null;
        bench.InsideRetirement = () => last ??= bench.Acquire(old);

        bench.Pool.Reload(PoolBench.Snapshot(2, rotated));

        Assert.Equal(0, bench.Pool.Closed);
        Assert.Same(last!.Bridge, Assert.Single(bench.Pool.Draining));
        last.Dispose();
        Assert.Equal(1, bench.Pool.Closed);
    }

    // A replica that reports a generation must not have anything left that still hands out an older one.
    [Fact]
    public void Reload_WhileABridgeStillGivesLeases_TheNewGenerationIsNotLiveYet()
    {
        using var bench = new PoolBench();
        var old = PoolBench.Provider(key: "sk-old");
        bench.Pool.Reload(PoolBench.Snapshot(1, old));
        using var stream = bench.Acquire(old);
        long? reported = null;
        bench.InsideRetirement = () =>
        {
            Assert.False(stream.Bridge.IsRetired);
            reported = bench.Config.Current!.Generation;
        };

        bench.Pool.Reload(PoolBench.Snapshot(2, PoolBench.Provider(key: "sk-new")));

        Assert.Equal(1, reported);
        Assert.Equal(2, bench.Config.Current!.Generation);
    }

    // The sweep may look at a bridge in the middle of its retirement, when it is listed but its time is not set.
    [Fact]
    public void AbortRetiredBefore_InTheMiddleOfARetirement_CutsNothing()
    {
        using var bench = new PoolBench();
        var old = PoolBench.Provider(key: "sk-old");
        bench.Pool.Reload(PoolBench.Snapshot(1, old));
        using var stream = bench.Acquire(old);
        bench.InsideRetirement = () => Assert.Equal(0, bench.Pool.AbortRetiredBefore(bench.Time.GetUtcNow() - bench.Settings.DrainDeadline));

        bench.Pool.Reload(PoolBench.Snapshot(2, PoolBench.Provider(key: "sk-new")));

        Assert.False(stream.Bridge.Aborted.IsCancellationRequested);
        Assert.Equal(0, bench.Cuts);
    }

    // 2.4 b: a builder that passed its check before the reload must not put its old bridge in after it.
    [Fact]
    public async Task TryAcquire_BuildStartedBeforeTheReload_LeavesNoOldBridgeBehind()
    {
        using var bench = new PoolBench();
        using var inBuild = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var (old, rotated) = (PoolBench.Provider(key: "sk-old"), PoolBench.Provider(key: "sk-new"));
        bench.Pool.Reload(PoolBench.Snapshot(1, old));
        bench.InsideBuild = () =>
        {
            bench.InsideBuild = null;
            inBuild.Set();
            goOn.Wait(Timeouts.Token);
        };
        var build = Task.Run(() => bench.Acquire(old));
        inBuild.Wait(Timeouts.Token);

        var reload = Task.Run(() => bench.Pool.Reload(PoolBench.Snapshot(2, rotated)));
        goOn.Set();
        using var lease = await build.WaitAsync(Timeouts.Token);
        await reload.WaitAsync(Timeouts.Token);

        Assert.All(bench.Pool.Live, bridge => Assert.Equal(rotated.Revision, bridge.Key.Revision));
        Assert.True(lease.Bridge.IsRetired);
        bench.AssertEveryBridgeIsAccountedFor();
    }

    // 2.4 b: the same from the other side, a request that still holds the old snapshot.
    [Fact]
    public void TryAcquire_WithAnOldSnapshotsProvider_BuildsNothing()
    {
        using var bench = new PoolBench();
        var (old, rotated) = (PoolBench.Provider(key: "sk-old"), PoolBench.Provider(key: "sk-new"));
        bench.Pool.Reload(PoolBench.Snapshot(1, old));
        bench.Pool.Reload(PoolBench.Snapshot(2, rotated));

        Assert.False(bench.Pool.TryAcquire(old, out _));

        Assert.Equal(0, bench.Pool.Built);
    }

    // 2.4 e, f, g: one bridge for all who ask at once, whoever of them asked first or leaves first.
    [Fact]
    public async Task TryAcquire_ManyAtOnceOnAColdPool_BuildOneBridgeThatOutlivesItsFirstCaller()
    {
        using var bench = new PoolBench();
        using var inBuild = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var provider = PoolBench.Provider();
        bench.Pool.Reload(PoolBench.Snapshot(1, provider));
        bench.InsideBuild = () =>
        {
            inBuild.Set();
            goOn.Wait(Timeouts.Token);
        };
        var first = Task.Run(() => bench.Acquire(provider));
        inBuild.Wait(Timeouts.Token);

        var others = PoolBench.OnThreadsAsync(8, _ => bench.Acquire(provider));
        goOn.Set();
        (await first.WaitAsync(Timeouts.Token)).Dispose();
        await others.WaitAsync(Timeouts.Token);

        var bridge = Assert.Single(bench.Pool.Live);
        Assert.Equal((1, 1, 8), (bench.Pool.Built, bench.InvokersCreated, bridge.Leases));
        bench.AssertEveryBridgeIsAccountedFor();
    }

    // 2.4 h: a request looks into the cache while the pool is being closed.
    [Fact]
    public async Task Dispose_WhileOthersAcquire_ThrowsNothingAndClosesEverything()
    {
        for (var round = 0; round < 50; round++)
        {
            using var bench = new PoolBench();
            var provider = PoolBench.Provider();
            bench.Pool.Reload(PoolBench.Snapshot(1, provider));
            await PoolBench.OnThreadsAsync(4, thread =>
            {
                for (var i = 0; i < 50; i++)
                {
                    if (bench.Pool.TryAcquire(provider, out var lease))
                    {
                        lease.Dispose();
                    }

                    if (thread == 0 && i == 25)
                    {
                        bench.Pool.Dispose();
                    }
                }
            });

            Assert.Equal(bench.Pool.Built, bench.Pool.Closed);
            Assert.Equal(0, bench.InvokersOpen);
        }
    }

    [Fact]
    public async Task Reload_WhileThePoolIsDisposed_LeavesNothingOpen()
    {
        for (var round = 0; round < 50; round++)
        {
            using var bench = new PoolBench();
            bench.Pool.Reload(PoolBench.Snapshot(1, PoolBench.Provider(key: "sk-0")));
            bench.Acquire(PoolBench.Provider(key: "sk-0")).Dispose();
            await PoolBench.OnThreadsAsync(2, thread =>
            {
                if (thread == 0)
                {
                    bench.Pool.Dispose();
                    return;
                }

                for (var generation = 2; generation < 20; generation++)
                {
                    bench.Pool.Reload(PoolBench.Snapshot(generation, PoolBench.Provider(key: $"sk-{generation}")));
                }
            });

            Assert.Equal((bench.Pool.Built, 0), (bench.Pool.Closed, bench.InvokersOpen));
        }
    }

    // R15: once Reload has returned, nobody gets the old bridge.
    [Fact]
    public void Reload_ImmediatelyFollowedByAcquire_AlwaysGivesTheNewKey()
    {
        const int iterations = 10_000;
        using var bench = new PoolBench();
        for (var generation = 1; generation <= iterations; generation++)
        {
            var provider = PoolBench.Provider(key: $"sk-{generation}");
            bench.Pool.Reload(PoolBench.Snapshot(generation, provider));

            using var lease = bench.Acquire(bench.Config.Current!.Providers["openai"]);

            Assert.Equal($"sk-{generation}", PoolBench.KeyOf(lease));
        }

        Assert.Equal((iterations, iterations - 1, 1), (bench.Pool.Built, bench.Pool.Closed, bench.InvokersCreated));
        Assert.Empty(bench.Pool.Draining);
    }

    // R13 and the second demonstration: a tight loop on real threads.
    [Fact]
    public async Task ThousandAcquires_AgainstAHundredReloads_MeetNoDeadBridgeNoOldKeyNoLeak()
    {
        const int reloads = 100;
        const int acquires = 1_000;
        using var bench = new PoolBench();
        bench.Pool.Reload(Generation(0));
        var done = 0;
        var wrong = 0;
        var refused = 0;
        await PoolBench.OnThreadsAsync(4, thread =>
        {
            if (thread == 0)
            {
                for (var generation = 1; generation <= reloads; generation++)
                {
                    bench.Pool.Reload(Generation(generation));
                    SpinWait.SpinUntil(() => Volatile.Read(ref done) >= generation * acquires / reloads || Volatile.Read(ref done) >= acquires);
                }

                return;
            }

            while (Interlocked.Increment(ref done) <= acquires)
            {
                var snapshot = bench.Config.Current!;
                var name = $"p{thread}";
                if (!bench.Pool.TryAcquire(snapshot.Providers[name], out var lease))
                {
                    Interlocked.Increment(ref refused); // its snapshot was replaced in between; the endpoint looks again
                    continue;
                }

                using (lease)
                {
                    if (PoolBench.KeyOf(lease) != $"sk-{snapshot.Generation}" || bench.Pool.Closed > bench.Pool.Built || lease.Bridge.Leases == 0)
                    {
                        Interlocked.Increment(ref wrong);
                    }
                }
            }
        });

        Assert.Equal(0, wrong);
        Assert.True(refused <= reloads * 3, $"{refused} acquires were refused");
        foreach (var provider in bench.Config.Current!.Providers.Values)
        {
            using var lease = bench.Acquire(provider);
            Assert.Equal($"sk-{reloads}", PoolBench.KeyOf(lease));
        }

        Assert.Empty(bench.Pool.Draining);
        Assert.Equal(bench.Pool.Built - bench.Pool.Live.Count, bench.Pool.Closed);
        Assert.Equal(1, bench.InvokersOpen);
    }

    private static ConfigSnapshot Generation(int generation) =>
        PoolBench.Snapshot(generation, [.. Enumerable.Range(1, 3).Select(number => PoolBench.Provider($"p{number}", key: $"sk-{generation}"))]);

    /// <summary>Runs a hook when the pool logs that a bridge drains: it is retired then, and not yet out of the cache.</summary>
    private sealed class RetirementLog : ILogger<CachedBridgePool>, IDisposable
    {
        public Action? OnDraining { get; set; }

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => this;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (eventId.Id == EventIds.BridgeDraining)
            {
                OnDraining?.Invoke();
            }
        }

        public void Dispose() => OnDraining = null;
    }
}
