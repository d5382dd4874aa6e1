using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>When workers end that nobody needs: P-31, P-40, P-41, P-43, G-5, G-8.</summary>
public sealed class ReapTests
{
    private static readonly TimeSpan Idle = TimeSpan.FromMinutes(5);
    private static readonly TimeSpan Look = Idle / 4;

    [Fact] // P-31, G-5: by the timer alone, without another probe
    public async Task Timer_IdleLongEnough_EndsTheWorkers()
    {
        await using var bench = new PoolBench();
        var processes = await bench.WarmAsync();

        bench.Time.Advance(Idle - TimeSpan.FromTicks(1));
        Assert.All(processes, process => Assert.False(process.InputIsClosed));
        bench.Time.Advance(Look);

        await bench.WhenGoneAsync(processes);
        Assert.Equal(0, bench.Pool.Processes.Count);
    }

    [Fact] // P-31: the time counts from the last use
    public async Task Timer_UsedMeanwhile_KeepsTheWorker()
    {
        await using var bench = new PoolBench();
        var process = (await bench.WarmAsync(workers: 1))[0];
        bench.Time.Advance(Idle - Look);
        Assert.Same(process, (await bench.WarmAsync(workers: 1))[0]);

        bench.Time.Advance(Idle - Look);

        Assert.False(process.InputIsClosed);
    }

    [Fact] // P-40
    public async Task Timer_Busy_IsNeverEnded()
    {
        await using var bench = new PoolBench();
        var (lease, process) = await bench.RunningAsync();

        bench.Time.Advance(Idle * 10);

        Assert.False(process.InputIsClosed);
        lease.Dispose();
        Assert.Same(process, (await bench.WarmAsync(workers: 1))[0]); // and is as good as used now
    }

    [Fact] // P-41: those that are not stale stay the same, the others are replaced
    public async Task Timer_OneOfTwoIsStale_KeepsTheOther_AndFillsTheSlot()
    {
        await using var bench = new PoolBench(options => options.WorkerWait = TimeSpan.Zero);
        var processes = await bench.WarmAsync();
        bench.Time.Advance(Idle - Look);
        var used = (await bench.WarmAsync(workers: 1))[0];

        bench.Time.Advance(Look);

        await bench.WhenGoneAsync([.. processes.Where(process => process != used)]);
        var (first, kept) = await bench.RunningAsync();
        using var second = await bench.ClaimAsync();
        Assert.Same(used, kept);
        Assert.Equal(WorkerState.NeverStarted, second!.Worker.State);
        Assert.Null(await bench.ClaimAsync());
        first.Dispose();
    }

    [Fact] // P-30, P-41: one that never started is not stale, however long ago it was made
    public async Task Timer_NeverStarted_IsKept()
    {
        await using var bench = new PoolBench();
        var kept = (await bench.ClaimAsync())!;
        var (other, process) = await bench.RunningAsync();
        kept.Dispose();
        other.Dispose();

        bench.Time.Advance(Idle + Look);

        await bench.WhenGoneAsync(process);
        using var next = await bench.ClaimAsync();
        Assert.Same(kept.Worker, next!.Worker);
    }

    [Fact] // P-31
    public async Task Timer_DeadProcess_IsWaitedFor()
    {
        await using var bench = new PoolBench();
        var process = (await bench.WarmAsync(workers: 1))[0];

        process.Exit();
        bench.Time.Advance(Look);

        await bench.WhenGoneAsync(process);
        Assert.Equal(0, bench.Pool.Processes.Count);
    }

    [Fact] // P-43
    public async Task Dispose_EndsTheIdleWorkersOfAllHomes()
    {
        await using var bench = new PoolBench();
        FakeWorkerProcess[] all = [.. await bench.WarmAsync("/a"), .. await bench.WarmAsync("/b")];

        await bench.Pool.DisposeAsync();

        Assert.All(all, process => Assert.True(process is { IsDisposed: true, WasKilled: false }));
        Assert.Equal(0, bench.Time.ArmedTimers);
    }

    [Fact] // G-8: a grace, not the probe's 35 s
    public async Task Dispose_Busy_WaitsAGrace_ThenKills()
    {
        await using var bench = new ProberBench();
        var (warm, first) = await bench.AskedAsync();
        var (other, second) = await bench.AskedAsync();
        var (cold, third) = await ColdAsync(bench);
        var armed = bench.Time.ArmedTimers;

        var disposing = bench.Prober.DisposeAsync().AsTask();
        await bench.Time.WhenArmedAsync(armed); // the reaper's timer is gone, the grace's there
        Assert.False(disposing.IsCompleted);
        bench.Time.Advance(WorkerProcesses.Grace);

        await disposing;
        Assert.All([first, second, third], question => Assert.True(question.Process is { WasKilled: true, IsDisposed: true }));
        Assert.All(await Task.WhenAll(warm, other, cold), reply => Assert.Equal("The worker ended without an answer.", reply.Usage.Problem));
    }

    [Fact] // G-8: what is answered within the grace is an answer
    public async Task Dispose_AnswerWithinTheGrace_ReachesItsCaller()
    {
        await using var bench = new ProberBench();
        var (reply, question) = await bench.AskedAsync();

        var disposing = bench.Prober.DisposeAsync().AsTask();
        question.Answer();

        Assert.Equal("anthropic", (await reply).Usage.Problem);
        await disposing;
        Assert.True(question.Process is { WasKilled: false, IsDisposed: true });
    }

    [Fact] // G-8
    public async Task Dispose_WhileOneStarts_LeavesItNotBehind()
    {
        await using var bench = new ProberBench();
        var launch = new TaskCompletionSource();
        bench.Workers.OnLaunch = _ => launch.Task;
        var reply = bench.ProbeAsync();

        var disposing = bench.Prober.DisposeAsync().AsTask();
        Assert.False(disposing.IsCompleted);
        launch.SetResult();

        await disposing;
        Assert.Equal("No worker could be started for this home.", (await reply).Usage.Problem);
        Assert.True(Assert.Single(bench.Workers.Started).IsDisposed);
    }

    [Fact]
    public async Task Probe_AfterDispose_IsAnsweredWithoutAProcess()
    {
        await using var bench = new ProberBench();
        await bench.Prober.DisposeAsync();

        var reply = await bench.ProbeAsync();

        Assert.Equal("No worker could be started for this home.", reply.Usage.Problem);
        Assert.Empty(bench.Workers.Started);
    }

    private static async Task<(Task<ProbeReply> Reply, FakeQuestion Question)> ColdAsync(ProberBench bench)
    {
        var armed = bench.Time.ArmedTimers;
        var number = bench.Workers.Questions.Count + 1;
        var reply = bench.ProbeAsync();
        await bench.Time.WhenArmedAsync(armed + 2); // the probe's limit, and its wait for a slot
        bench.Time.Advance(bench.Settings.WorkerWait);
        return (reply, await bench.Workers.QuestionAsync(number));
    }
}
