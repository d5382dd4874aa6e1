using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>How many processes there are, and how they end: P-42, and the cap.</summary>
public sealed class WorkerProcessesTests
{
    [Fact] // P-42
    public async Task End_HeedsTheEndOfItsInput_IsNotKilled()
    {
        await using var bench = new PoolBench();
        var (lease, process) = await bench.RunningAsync();

        lease.Break();
        lease.Dispose();

        await bench.WhenGoneAsync(process);
        Assert.True(process is { InputIsClosed: true, WasKilled: false });
    }

    [Fact] // P-42
    public async Task End_HeedsNothing_IsKilledAfterTheGrace_AndCountsUntilThen()
    {
        await using var bench = new PoolBench();
        bench.Workers.HeedsEndOfInput = false;
        var (lease, process) = await bench.RunningAsync();
        lease.Break();
        lease.Dispose();

        bench.Time.Advance(WorkerProcesses.Grace - TimeSpan.FromTicks(1));
        Assert.Equal((false, 1), (process.WasKilled, bench.Pool.Processes.Count));
        bench.Time.Advance(TimeSpan.FromTicks(1));

        await bench.WhenGoneAsync(process);
        Assert.True(process.WasKilled);
        Assert.Equal(0, bench.Pool.Processes.Count);
    }

    [Fact]
    public async Task Start_AsManyAsMayBe_EndsTheLeastRecentlyUsedIdleOne()
    {
        await using var bench = new PoolBench(options => (options.MaxWorkers, options.MaxProbes) = (3, 3));
        var a = (await bench.WarmAsync("/a", 1))[0];
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        var b = (await bench.WarmAsync("/b", 1))[0];
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        var c = (await bench.WarmAsync("/c", 1))[0];
        bench.Time.Advance(TimeSpan.FromSeconds(1));
        await bench.WarmAsync("/a", 1);

        await bench.WarmAsync("/d", 1);

        Assert.Equal((false, true, false), (a.InputIsClosed, b.InputIsClosed, c.InputIsClosed));
        Assert.Equal(3, bench.Workers.MostLiving);
        var (lease, next) = await bench.RunningAsync("/b"); // whose slot is there again
        Assert.NotSame(b, next);
        lease.Dispose();
    }

    [Fact]
    public async Task Start_AllBusy_WaitsUntilOneIsFree_AndTakesItsPlace()
    {
        await using var bench = new PoolBench(options => options.MaxWorkers = 1);
        var (busy, process) = await bench.RunningAsync("/a");
        var lease = await bench.ClaimAsync("/b");
        var starting = lease!.ProcessAsync(Timeouts.Token);
        Assert.False(starting.IsCompleted);

        busy.Break();
        busy.Dispose();

        Assert.NotSame(process, await starting);
        Assert.Equal(1, bench.Workers.MostLiving);
        lease.Dispose();
    }

    [Fact]
    public async Task Start_CancelledInLine_LosesNoPlace()
    {
        await using var bench = new PoolBench(options => options.MaxWorkers = 1);
        var (busy, _) = await bench.RunningAsync("/a");
        using var caller = new CancellationTokenSource();
        using (var lease = await bench.ClaimAsync("/b"))
        {
            var starting = lease!.ProcessAsync(caller.Token);
            await caller.CancelAsync();
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => starting);
        }

        busy.Break();
        busy.Dispose();

        var (next, _) = await bench.RunningAsync("/b");
        next.Dispose();
        Assert.Equal(1, bench.Pool.Processes.Count);
    }

    [Fact]
    public async Task Start_Failed_GivesItsPlaceToWhoWaits()
    {
        await using var bench = new PoolBench(options => options.MaxWorkers = 1);
        var launch = new TaskCompletionSource();
        bench.Workers.OnLaunch = home => home == "/a" ? launch.Task : Task.CompletedTask;
        var first = await bench.ClaimAsync("/a");
        var failing = first!.ProcessAsync(Timeouts.Token);
        var second = await bench.ClaimAsync("/b");
        var waiting = second!.ProcessAsync(Timeouts.Token);
        Assert.False(waiting.IsCompleted);

        launch.SetException(new IOException("no such program"));

        Assert.Null(await failing);
        Assert.NotNull(await waiting);
        first.Dispose();
        second.Dispose();
    }

    [Fact] // as many probes as processes, far more homes: every start has to end another's worker, and none waits for ever
    public async Task Start_AsManyProbesAsProcesses_NoDeadlock()
    {
        await using var bench = new ProberBench(options => (options.MaxProbes, options.MaxWorkers, options.WorkersPerHome, options.MaxProbesPerHome, options.WorkerWait) = (4, 4, 2, 3, TimeSpan.Zero));
        bench.Workers.OnLaunch = async _ => await Task.Yield();
        bench.Workers.Script = question => ThreadPool.QueueUserWorkItem(_ => Finish(question));

        await Task.WhenAll(Enumerable.Range(0, 16).Select(seed => Task.Run(async () =>
        {
            var random = new Random(seed);
            for (var round = 0; round < 100; round++)
            {
                using var caller = new CancellationTokenSource();
                var probe = bench.ProbeAsync($"/home{random.Next(9)}", cancellationToken: caller.Token);
                switch (random.Next(10))
                {
                    case 0:
                        await caller.CancelAsync();
                        break;
                    case 1:
                        bench.Prober.Flush($"/home{random.Next(9)}");
                        break;
                    default:
                        break;
                }

                await ((Task)probe).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }))).WaitAsync(Timeouts.Token);

        Assert.InRange(bench.Workers.MostLiving, 1, 4);
        Assert.Empty(bench.Workers.Violations);
    }

    private static void Finish(FakeQuestion question)
    {
        switch (question.Id % 7)
        {
            case 3:
                question.Say("garbage");
                break;
            case 5:
                question.Process.Exit();
                break;
            default:
                question.Answer();
                break;
        }
    }
}
