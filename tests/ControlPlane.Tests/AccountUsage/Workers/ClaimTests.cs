using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>How the pool hands workers over: P-15, P-20 to P-25, P-30, P-32.</summary>
public sealed class ClaimTests
{
    [Fact] // P-15, P-20, P-22
    public async Task Claim_NewHome_HasItsSlots_AndStartsNothing()
    {
        await using var bench = new PoolBench(options => options.WorkerWait = TimeSpan.Zero);

        using var first = await bench.ClaimAsync();
        using var second = await bench.ClaimAsync();

        Assert.NotSame(first!.Worker, second!.Worker);
        Assert.All([first, second], lease => Assert.Equal((WorkerState.NeverStarted, true), (lease.Worker.State, lease.Worker.IsHeld)));
        var third = bench.ClaimAsync();
        Assert.True(third.IsCompleted, "with all busy and no wait the answer is there at once");
        Assert.Null(await third);
        Assert.Empty(bench.Workers.Started);
    }

    [Theory] // P-20, P-55
    [InlineData(1)]
    [InlineData(5)]
    public async Task Claim_OtherSize_IsTheNumberOfSlots(int size)
    {
        await using var bench = new PoolBench(options => (options.WorkerWait, options.WorkersPerHome) = (TimeSpan.Zero, size));

        var leases = new List<WorkerLease?>();
        while (await bench.ClaimAsync() is { } lease)
        {
            leases.Add(lease);
        }

        Assert.Equal(size, leases.Count);
        leases.ForEach(lease => lease!.Dispose());
    }

    [Fact]
    public async Task Claim_OneRuns_IsTakenBeforeOneThatWouldHaveToStart()
    {
        await using var bench = new PoolBench();
        var first = await bench.ClaimAsync();
        var (second, process) = await bench.RunningAsync();
        first!.Dispose();
        second.Dispose();

        using var third = await bench.ClaimAsync();

        Assert.Same(process, third!.Worker.Process);
    }

    [Fact] // P-13
    public async Task Claim_OtherHome_SharesNothing()
    {
        await using var bench = new PoolBench();
        var (lease, process) = await bench.RunningAsync("/a");
        lease.Dispose();

        var (other, otherProcess) = await bench.RunningAsync("/b");

        Assert.NotSame(process, otherProcess);
        Assert.Equal("/b", otherProcess.Home);
        other.Dispose();
    }

    [Theory] // P-23: any slot will do, not only the first
    [InlineData(0)]
    [InlineData(1)]
    public async Task Claim_AllBusy_GetsWhicheverIsFreeFirst(int freed)
    {
        await using var bench = new PoolBench();
        WorkerLease?[] busy = [await bench.ClaimAsync(), await bench.ClaimAsync()];
        var waiting = bench.ClaimAsync();
        Assert.False(waiting.IsCompleted);

        busy[freed]!.Dispose();

        using var lease = await waiting;
        Assert.Same(busy[freed]!.Worker, lease!.Worker);
        Assert.True(lease.Worker.IsHeld);
        busy[1 - freed]!.Dispose();
    }

    [Fact] // P-23: the pool's lock is free while somebody waits
    public async Task Claim_WhileOneWaits_OtherHomesAreServed()
    {
        await using var bench = new PoolBench(options => options.WorkersPerHome = 1);
        var busy = await bench.ClaimAsync();
        var waiting = bench.ClaimAsync();

        using (var other = await bench.ClaimAsync("/b"))
        {
            Assert.NotNull(other);
        }

        Assert.False(waiting.IsCompleted);
        busy!.Dispose();
        (await waiting)!.Dispose();
    }

    [Fact] // P-23
    public async Task Claim_NoneBecomesFreeInTime_IsNone_AndTheNextInLineIsNotSkipped()
    {
        await using var bench = new PoolBench(options => options.WorkersPerHome = 1);
        var busy = await bench.ClaimAsync();
        var early = bench.ClaimAsync();
        bench.Time.Advance(bench.Settings.WorkerWait / 2);
        var late = bench.ClaimAsync();

        bench.Time.Advance(bench.Settings.WorkerWait / 2);

        Assert.Null(await early);
        Assert.False(late.IsCompleted);
        busy!.Dispose();
        Assert.NotNull(await late);
        (await late)!.Dispose();
    }

    [Fact]
    public async Task Claim_CancelledInLine_LosesNoWorker()
    {
        await using var bench = new PoolBench(options => options.WorkersPerHome = 1);
        var busy = await bench.ClaimAsync();
        using var cancelled = new CancellationTokenSource();
        var waiting = bench.ClaimAsync(cancellationToken: cancelled.Token);

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        busy!.Dispose();
        using var next = await bench.ClaimAsync();
        Assert.Same(busy.Worker, next!.Worker);
    }

    [Fact] // P-21, P-25: whoever gets a worker has it alone
    public async Task Claim_OneFreeSlot_ManyThreads_OneWinner()
    {
        await using var bench = new PoolBench(options => (options.WorkersPerHome, options.WorkerWait) = (1, TimeSpan.Zero));
        for (var round = 0; round < 300; round++)
        {
            using var start = new Barrier(4);
            var claims = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Factory.StartNew(
                () =>
                {
                    start.SignalAndWait(Timeouts.Token);
                    return bench.Pool.ClaimAsync("/a", Timeouts.Token).AsTask();
                },
                Timeouts.Token,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default).Unwrap()));

            Assert.Single(claims, lease => lease is not null)!.Dispose();
        }
    }

    [Fact] // P-21, P-25: handing over and giving up at the same moment neither doubles nor loses a worker
    public async Task Claim_ManyWaitAndGiveUp_NeitherDoublesNorLosesAWorker()
    {
        await using var bench = new PoolBench();
        var held = new HashSet<ProbeWorker>();
        await Task.WhenAll(Enumerable.Range(0, 8).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var round = 0; round < 400; round++)
            {
                using var patience = new CancellationTokenSource();
                var claim = bench.ClaimAsync(cancellationToken: patience.Token);
                if (random.Next(2) == 0)
                {
                    await patience.CancelAsync();
                }

                try
                {
                    using var lease = await claim;
                    lock (held)
                    {
                        Assert.True(held.Add(lease!.Worker), "a worker was handed over twice");
                    }

                    await Task.Yield();
                    lock (held)
                    {
                        held.Remove(lease.Worker);
                    }
                }
                catch (OperationCanceledException)
                {
                    // It gave up, perhaps in the moment in which it was served.
                }
            }
        })));

        using var first = await bench.ClaimAsync();
        using var second = await bench.ClaimAsync();
        Assert.True(first is not null && second is not null, "both workers should be free again");
    }

    [Fact] // P-24: the claim is made under the pool's lock, so that no flush comes between finding a worker and having it
    public async Task Claim_FlushMeanwhile_WaitsUntilTheClaimIsMade()
    {
        await using var bench = new PoolBench();
        var process = (await bench.WarmAsync(workers: 1))[0];
        using var inside = new ManualResetEventSlim();
        using var open = new ManualResetEventSlim();
        bench.Workers.OnExitedRead = _ =>
        {
            inside.Set();
            open.Wait(Timeouts.Token);
        };
        var claim = Task.Run(() => bench.ClaimAsync());
        inside.Wait(Timeouts.Token);
        var flush = new Thread(() => bench.Pool.Flush("/a"));
        flush.Start();
        await Eventually.TrueAsync(() => flush.ThreadState.HasFlag(ThreadState.WaitSleepJoin), "the flush waits for the lock");

        bench.Workers.OnExitedRead = null;
        open.Set();

        var lease = await claim;
        flush.Join();
        Assert.Same(process, await lease!.ProcessAsync(Timeouts.Token)); // the old one serves to the end
        Assert.False(process.InputIsClosed);
        lease.Dispose();
        await bench.WhenGoneAsync(process); // and is no longer known
        Assert.Single(bench.Workers.Started);
    }

    [Fact] // P-15, P-32
    public async Task Claim_WorkerDiedUnasked_IsReplaced_AndItsProcessWaitedFor()
    {
        await using var bench = new PoolBench();
        var process = (await bench.WarmAsync(workers: 1))[0];

        process.Exit();
        var (lease, next) = await bench.RunningAsync();

        Assert.NotSame(process, next);
        await bench.WhenGoneAsync(process);
        lease.Dispose();
    }

    [Fact] // P-30, P-32, P-41: closed workers are never handed out, and their slots are filled
    public async Task Claim_AfterAWorkerBroke_StillHasAllSlots()
    {
        await using var bench = new PoolBench(options => options.WorkerWait = TimeSpan.Zero);
        var (broken, process) = await bench.RunningAsync();

        broken.Break();
        broken.Dispose();

        using var first = await bench.ClaimAsync();
        using var second = await bench.ClaimAsync();
        Assert.All([first, second], lease => Assert.Equal(WorkerState.NeverStarted, lease!.Worker.State));
        await bench.WhenGoneAsync(process);
    }

    [Fact] // E-3, P-42
    public async Task Lease_BrokenAndReleasedTwice_EndsItsProcessOnce()
    {
        await using var bench = new PoolBench(options => options.WorkersPerHome = 1);
        var (lease, process) = await bench.RunningAsync();

        lease.Break();
        lease.Break();
        lease.Dispose();
        using var next = await bench.ClaimAsync();
        lease.Dispose();

        Assert.True(next!.Worker.IsHeld); // not given away by the second release
        await bench.WhenGoneAsync(process);
    }
}
