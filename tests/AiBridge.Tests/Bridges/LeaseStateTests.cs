using Trinity.AiBridge.Bridges;

namespace Trinity.AiBridge.Tests.Bridges;

public sealed class LeaseStateTests
{
    [Fact]
    public void TryAcquire_AfterRetire_IsRefused()
    {
        var state = default(LeaseState);
        state.Retire(out _);

        Assert.False(state.TryAcquire());
        Assert.Equal(0, state.Leases);
    }

    [Fact]
    public void Retire_WithoutLeases_LeavesTheDisposalToItsCaller()
    {
        var state = default(LeaseState);

        Assert.True(state.Retire(out var dispose));

        Assert.True(dispose);
        Assert.True(state.IsRetired);
    }

    [Fact]
    public void Retire_WithLeases_LeavesTheDisposalToTheLastOfThem()
    {
        var state = default(LeaseState);
        state.TryAcquire();
        state.TryAcquire();

        Assert.True(state.Retire(out var dispose));

        Assert.False(dispose);
        Assert.False(state.Release());
        Assert.True(state.Release());
    }

    [Fact]
    public void Retire_Twice_IsDoneOnce()
    {
        var state = default(LeaseState);
        state.Retire(out _);

        Assert.False(state.Retire(out var dispose));
        Assert.False(dispose);
    }

    [Fact]
    public void Release_OfTheLastLease_WithoutRetirement_DisposesNothing()
    {
        var state = default(LeaseState);
        state.TryAcquire();

        Assert.False(state.Release());
        Assert.True(state.TryAcquire());
    }

    [Fact]
    public void TryRetireUnused_WithALease_IsRefusedAndLeavesItOpen()
    {
        var state = default(LeaseState);
        state.TryAcquire();

        Assert.False(state.TryRetireUnused());

        Assert.False(state.IsRetired);
        Assert.True(state.TryAcquire());
    }

    [Fact]
    public void TryRetireUnused_WithoutLeases_RetiresOnce()
    {
        var state = default(LeaseState);

        Assert.True(state.TryRetireUnused());
        Assert.False(state.TryRetireUnused());
        Assert.False(state.TryAcquire());
    }

    [Fact]
    public async Task AllOperations_FromManyThreads_DisposeExactlyOnce()
    {
        for (var round = 0; round < 300; round++)
        {
            var shared = new SharedState();
            await PoolBench.OnThreadsAsync(4, thread => shared.Use(retires: thread == 0));

            Assert.Equal((0, true, 1), (shared.State.Leases, shared.State.IsRetired, shared.Disposals));
        }
    }

    private sealed class SharedState
    {
        private int _disposals;

        public LeaseState State;

        public int Disposals => _disposals;

        public void Use(bool retires)
        {
            for (var i = 0; i < 20; i++)
            {
                if (State.TryAcquire() && State.Release())
                {
                    Interlocked.Increment(ref _disposals);
                }

                if (retires && i == 10 && State.Retire(out var dispose) && dispose)
                {
                    Interlocked.Increment(ref _disposals);
                }
            }
        }
    }
}
