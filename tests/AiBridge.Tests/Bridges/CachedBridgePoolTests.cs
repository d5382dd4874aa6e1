using Trinity.AiBridge.Configuration;

namespace Trinity.AiBridge.Tests.Bridges;

/// <summary>What the pool does, one call at a time.</summary>
public sealed class CachedBridgePoolTests
{
    [Fact]
    public void TryAcquire_SameRevision_SharesOneBridge()
    {
        using var bench = new PoolBench();
        var provider = PoolBench.Provider();
        bench.Pool.Reload(PoolBench.Snapshot(1, provider));

        using var first = bench.Acquire(provider);
        using var second = bench.Acquire(provider);

        Assert.Same(first.Bridge, second.Bridge);
        Assert.Equal((1, 2), (bench.Pool.Built, first.Bridge.Leases));
    }

    [Fact]
    public void TryAcquire_BeforeAnySnapshot_IsRefused()
    {
        using var bench = new PoolBench();

        Assert.False(bench.Pool.TryAcquire(PoolBench.Provider(), out var lease));
        Assert.Null(lease);
        Assert.Equal(0, bench.Pool.Built);
    }

    [Fact]
    public void Lease_DisposedTwice_GivesBackOnce()
    {
        using var bench = new PoolBench();
        var provider = PoolBench.Provider();
        bench.Pool.Reload(PoolBench.Snapshot(1, provider));
        using var other = bench.Acquire(provider);
        var lease = bench.Acquire(provider);

        lease.Dispose();
        lease.Dispose();

        Assert.Equal(1, other.Bridge.Leases);
    }

    // R14: a reload makes every later acquire see the new set.
    [Fact]
    public void Reload_KeyRotated_NextAcquireHasTheNewKey()
    {
        using var bench = new PoolBench();
        var (old, rotated) = (PoolBench.Provider(key: "sk-old"), PoolBench.Provider(key: "sk-new"));
        bench.Pool.Reload(PoolBench.Snapshot(1, old));
        using var before = bench.Acquire(old);

        Assert.Equal(1, bench.Pool.Reload(PoolBench.Snapshot(2, rotated)));

        Assert.False(bench.Pool.TryAcquire(old, out _));
        using var after = bench.Acquire(rotated);
        Assert.Equal("sk-new", PoolBench.KeyOf(after));
    }

    // R16: what runs on the old bridge keeps it open, and closes it in the end.
    [Fact]
    public void Reload_WithALease_BridgeDrainsUntilTheLeaseEnds()
    {
        using var bench = new PoolBench();
        var old = PoolBench.Provider(key: "sk-old");
        bench.Pool.Reload(PoolBench.Snapshot(1, old));
        var lease = bench.Acquire(old);

        bench.Pool.Reload(PoolBench.Snapshot(2, PoolBench.Provider(key: "sk-new")));

        Assert.Same(lease.Bridge, Assert.Single(bench.Pool.Draining));
        Assert.False(lease.Bridge.Aborted.IsCancellationRequested);
        Assert.Equal(0, bench.Pool.Closed);
        lease.Dispose();
        Assert.Empty(bench.Pool.Draining);
        Assert.Equal(1, bench.Pool.Closed);
        bench.AssertEveryBridgeIsAccountedFor();
    }

    // 2.4 m: what did not change is not touched.
    [Fact]
    public void Reload_OtherProviderChanged_KeepsThisOnesBridge()
    {
        using var bench = new PoolBench();
        var unchanged = PoolBench.Provider("anthropic");
        bench.Pool.Reload(PoolBench.Snapshot(1, unchanged, PoolBench.Provider(key: "sk-old")));
        using var before = bench.Acquire(unchanged);
        bench.Acquire(PoolBench.Provider(key: "sk-old")).Dispose();

        var retired = bench.Pool.Reload(PoolBench.Snapshot(2, PoolBench.Provider("anthropic"), PoolBench.Provider(key: "sk-new")));

        using var after = bench.Acquire(PoolBench.Provider("anthropic"));
        Assert.Same(before.Bridge, after.Bridge);
        Assert.Equal(1, retired);
    }

    [Fact]
    public void Reload_KeyRotated_SuccessorHasTheSameConnectionPool()
    {
        using var bench = new PoolBench();
        var (old, rotated) = (PoolBench.Provider(key: "sk-old"), PoolBench.Provider(key: "sk-new"));
        bench.Pool.Reload(PoolBench.Snapshot(1, old));
        var before = bench.Acquire(old);
        before.Dispose(); // nobody holds it any more when the reload comes

        bench.Pool.Reload(PoolBench.Snapshot(2, rotated));

        using var after = bench.Acquire(rotated);
        Assert.Same(before.Bridge.Invoker, after.Bridge.Invoker);
        Assert.Equal((1, 1), (bench.InvokersCreated, bench.InvokersOpen));
    }

    [Fact]
    public void Reload_HostChanged_OldConnectionsCloseWithTheOldBridge()
    {
        using var bench = new PoolBench();
        var (old, moved) = (PoolBench.Provider(baseUrl: "http://127.0.0.1:9/v1"), PoolBench.Provider(baseUrl: "http://127.0.0.1:10/v1"));
        bench.Pool.Reload(PoolBench.Snapshot(1, old));
        var lease = bench.Acquire(old);

        bench.Pool.Reload(PoolBench.Snapshot(2, moved));

        Assert.Equal(2, bench.InvokersOpen);
        lease.Dispose();
        Assert.Equal(1, bench.InvokersOpen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Reload_ProviderDisabledOrGone_ClosesItsBridgeAndConnections(bool gone)
    {
        using var bench = new PoolBench();
        var provider = PoolBench.Provider();
        bench.Pool.Reload(PoolBench.Snapshot(1, provider));
        var lease = bench.Acquire(provider);

        bench.Pool.Reload(gone ? PoolBench.Snapshot(2) : PoolBench.Snapshot(2, PoolBench.Provider(state: ProviderState.Disabled)));

        Assert.False(bench.Pool.TryAcquire(provider, out _));
        lease.Dispose();
        Assert.Equal((1, 1, 0), (bench.Pool.Built, bench.Pool.Closed, bench.InvokersOpen));
    }

    [Fact]
    public void Reload_ProviderInErrorWithTheRevisionOfBefore_RetiresItsBridge()
    {
        using var bench = new PoolBench();
        var provider = PoolBench.Provider();
        bench.Pool.Reload(PoolBench.Snapshot(1, provider));
        bench.Acquire(provider).Dispose();

        bench.Pool.Reload(PoolBench.Snapshot(2, provider with { State = ProviderState.Error }));

        Assert.False(bench.Pool.TryAcquire(provider, out _));
        Assert.Empty(bench.Pool.Live);
    }

    [Fact]
    public void Reload_BackToAnEarlierRevision_BuildsANewBridge()
    {
        using var bench = new PoolBench();
        var (one, two) = (PoolBench.Provider(key: "sk-one"), PoolBench.Provider(key: "sk-two"));
        bench.Pool.Reload(PoolBench.Snapshot(1, one));
        using var first = bench.Acquire(one);
        bench.Pool.Reload(PoolBench.Snapshot(2, two));

        bench.Pool.Reload(PoolBench.Snapshot(3, one));

        using var again = bench.Acquire(one);
        Assert.NotSame(first.Bridge, again.Bridge);
        Assert.True(first.Bridge.IsRetired);
        Assert.False(again.Bridge.IsRetired);
    }

    // 2.4 h, R18: a closed pool refuses, and nothing brings it back.
    [Fact]
    public void Dispose_WithALease_RefusesNewOnesAndClosesWithTheLast()
    {
        using var bench = new PoolBench();
        var provider = PoolBench.Provider();
        bench.Pool.Reload(PoolBench.Snapshot(1, provider));
        var lease = bench.Acquire(provider);

        bench.Pool.Dispose();

        Assert.False(bench.Pool.TryAcquire(provider, out _));
        Assert.Equal(0, bench.Pool.Closed);
        lease.Dispose();
        Assert.Equal((1, 0), (bench.Pool.Closed, bench.InvokersOpen));
        Assert.Empty(bench.Pool.Live);
    }

    [Fact]
    public void Reload_AfterDispose_ChangesNothing()
    {
        using var bench = new PoolBench();
        bench.Pool.Reload(PoolBench.Snapshot(1, PoolBench.Provider()));
        bench.Pool.Dispose();

        Assert.Equal(0, bench.Pool.Reload(PoolBench.Snapshot(2, PoolBench.Provider(key: "sk-new"))));

        Assert.Equal(1, bench.Config.Current!.Generation);
        Assert.False(bench.Pool.TryAcquire(PoolBench.Provider(key: "sk-new"), out _));
        bench.Pool.Dispose();
        bench.Pool.RemoveUnused();
        Assert.Equal(0, bench.Pool.AbortAll());
    }

    [Fact]
    public void RemoveUnused_BridgeWithoutRequestsForTheExpiry_ClosesAndIsBuiltAgainOnDemand()
    {
        using var bench = new PoolBench();
        var provider = PoolBench.Provider();
        bench.Pool.Reload(PoolBench.Snapshot(1, provider));
        bench.Acquire(provider).Dispose();
        bench.Pool.RemoveUnused();

        bench.Time.Advance(bench.Settings.BridgeIdleExpiry);
        _ = bench.Pool.Live; // a scrape is no use
        bench.Pool.RemoveUnused();

        Assert.Equal((0, 0, 1), (bench.Pool.Live.Count, bench.InvokersOpen, bench.Pool.Closed));
        using var again = bench.Acquire(provider);
        Assert.Equal(2, bench.Pool.Built);
    }

    [Fact]
    public void RemoveUnused_RequestInBetween_StartsTheExpiryAnew()
    {
        using var bench = new PoolBench();
        var provider = PoolBench.Provider();
        bench.Pool.Reload(PoolBench.Snapshot(1, provider));
        bench.Acquire(provider).Dispose();
        bench.Pool.RemoveUnused();
        bench.Time.Advance(bench.Settings.BridgeIdleExpiry);
        bench.Acquire(provider).Dispose();

        bench.Pool.RemoveUnused();
        bench.Time.Advance(bench.Settings.BridgeIdleExpiry - TimeSpan.FromTicks(1));
        bench.Pool.RemoveUnused();

        Assert.Single(bench.Pool.Live);
    }

    // A stream may be longer than the idle expiry and the drain deadline together: without a reload nothing may cut it.
    [Fact]
    public void RemoveUnused_StreamThatOutlivesEveryLimit_KeepsItsBridge()
    {
        using var bench = new PoolBench();
        var provider = PoolBench.Provider();
        bench.Pool.Reload(PoolBench.Snapshot(1, provider));
        using var stream = bench.Acquire(provider);

        for (var hour = 0; hour < 3; hour++)
        {
            bench.Time.Advance(TimeSpan.FromHours(1));
            bench.Pool.RemoveUnused();
            bench.Pool.AbortRetiredBefore(bench.Time.GetUtcNow() - bench.Settings.DrainDeadline);
        }

        Assert.False(stream.Bridge.IsRetired);
        Assert.False(stream.Bridge.Aborted.IsCancellationRequested);
        using var other = bench.Acquire(provider);
        Assert.Same(stream.Bridge, other.Bridge);
    }

    [Fact]
    public void AbortRetiredBefore_CutsWhatDrainsTooLongAndCountsItOnce()
    {
        using var bench = new PoolBench();
        var (one, two, three) = (PoolBench.Provider(key: "sk-one"), PoolBench.Provider(key: "sk-two"), PoolBench.Provider(key: "sk-three"));
        bench.Pool.Reload(PoolBench.Snapshot(1, one));
        using var oldest = bench.Acquire(one);
        using var oldestToo = bench.Acquire(one);
        bench.Pool.Reload(PoolBench.Snapshot(2, two));
        bench.Time.Advance(TimeSpan.FromMinutes(2));
        using var newer = bench.Acquire(two);
        bench.Pool.Reload(PoolBench.Snapshot(3, three));
        using var live = bench.Acquire(three);

        var deadline = bench.Time.GetUtcNow() - TimeSpan.FromMinutes(1);

        Assert.Equal(2, bench.Pool.AbortRetiredBefore(deadline));
        Assert.Equal(0, bench.Pool.AbortRetiredBefore(deadline));
        Assert.True(oldest.Bridge.Aborted.IsCancellationRequested);
        Assert.False(newer.Bridge.Aborted.IsCancellationRequested);
        Assert.False(live.Bridge.Aborted.IsCancellationRequested);
        Assert.Equal(2, bench.Cuts);
    }

    [Fact]
    public void AbortAll_CutsLiveAndDraining()
    {
        using var bench = new PoolBench();
        var (one, two) = (PoolBench.Provider(key: "sk-one"), PoolBench.Provider(key: "sk-two"));
        bench.Pool.Reload(PoolBench.Snapshot(1, one));
        using var draining = bench.Acquire(one);
        bench.Pool.Reload(PoolBench.Snapshot(2, two));
        using var live = bench.Acquire(two);

        Assert.Equal(2, bench.Pool.AbortAll());

        Assert.True(draining.Bridge.Aborted.IsCancellationRequested);
        Assert.True(live.Bridge.Aborted.IsCancellationRequested);
    }

    // 2.4 g: a cache that is full refuses an entry, or evicts one; neither may lose a bridge, nor a running request.
    [Fact]
    public async Task TryAcquire_MoreProvidersThanTheCacheHolds_LosesNoBridge()
    {
        using var bench = new PoolBench();
        var providers = Enumerable.Range(0, 5200).Select(number => PoolBench.Provider($"p{number}")).ToArray();
        bench.Pool.Reload(PoolBench.Snapshot(1, providers));

        var leases = providers.Select(bench.Acquire).ToList();

        Assert.All(leases, lease => Assert.False(lease.Bridge.Aborted.IsCancellationRequested));
        leases.ForEach(lease => lease.Dispose());
        await Eventually.TrueAsync(
            () => bench.Pool.Draining.Count == 0 && bench.Pool.Built == bench.Pool.Live.Count + bench.Pool.Closed,
            "every bridge that the cache let go has closed");
        bench.Pool.Dispose();
        await Eventually.TrueAsync(() => bench.Pool.Closed == bench.Pool.Built, "all are closed, those too that the cache was about to tell us of");
        Assert.Equal((5200, 0), (bench.Pool.Built, bench.Invokers.Count));
    }
}
