using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>What a change of a home's credentials does to its workers: P-50, P-52 to P-54, G-7.</summary>
public sealed class FlushTests
{
    [Fact] // P-52, P-53
    public async Task Flush_Idle_EndsThatHomesWorkersOnly()
    {
        await using var bench = new PoolBench();
        var a = await bench.WarmAsync("/a");
        var b = await bench.WarmAsync("/b");

        bench.Pool.Flush("/a");

        await bench.WhenGoneAsync(a);
        Assert.All(b, process => Assert.False(process.InputIsClosed));
    }

    [Fact] // P-52: without a home, all
    public async Task FlushAll_EndsTheWorkersOfAllHomes()
    {
        await using var bench = new PoolBench();
        FakeWorkerProcess[] all = [.. await bench.WarmAsync("/a"), .. await bench.WarmAsync("/b")];

        bench.Pool.FlushAll();

        await bench.WhenGoneAsync(all);
    }

    [Fact] // P-53, P-54: who is being asked answers; the next probe gets a process that read the new environment
    public async Task Flush_Busy_LetsTheProbeFinish_AndTheNextGetsANewWorker()
    {
        await using var bench = new ProberBench();
        var (old, question) = await bench.AskedAsync();

        bench.Prober.Flush("/a"); // returns, although the worker is busy

        Assert.False(question.Process.InputIsClosed);
        var (reply, next) = await bench.AskedAsync();
        Assert.NotSame(question.Process, next.Process);
        next.Answer();
        Assert.False((await reply).Cold);

        question.Answer();
        Assert.Equal("anthropic", (await old).Usage.Problem);
        await bench.WhenGoneAsync(question.Process);
        Assert.Same(next.Process, await bench.AnsweredAsync());
    }

    [Fact] // P-53: the old workers' places in the home are not waited for
    public async Task Flush_WhileOneWaitsForASlot_ServesItFromTheNewWorkers()
    {
        await using var bench = new PoolBench(options => options.WorkersPerHome = 1);
        var (old, process) = await bench.RunningAsync();
        var waiting = bench.ClaimAsync();

        bench.Pool.Flush("/a");

        using var lease = await waiting;
        Assert.Equal(WorkerState.NeverStarted, lease!.Worker.State);
        old.Dispose();
        await bench.WhenGoneAsync(process);
    }

    [Fact] // P-53: a worker that was claimed but not yet started belongs to the probe before the flush, and goes with it
    public async Task Flush_BetweenClaimAndStart_LeavesNoWorkerBehind()
    {
        await using var bench = new PoolBench();
        var lease = await bench.ClaimAsync();

        bench.Pool.Flush("/a");
        var process = Assert.IsType<FakeWorkerProcess>(await lease!.ProcessAsync(Timeouts.Token));
        lease.Dispose();

        await bench.WhenGoneAsync(process);
        using var next = await bench.ClaimAsync();
        Assert.Equal(WorkerState.NeverStarted, next!.Worker.State);
    }

    [Fact] // P-53
    public async Task Flush_WorkerThatWillNotEnd_IsNotWaitedFor()
    {
        await using var bench = new PoolBench();
        var processes = await bench.WarmAsync();
        bench.Workers.HeedsEndOfInput = false;

        bench.Pool.Flush("/a");

        Assert.All(processes, process => Assert.True(process is { InputIsClosed: true, WasKilled: false, IsDisposed: false }));
        bench.Time.Advance(WorkerProcesses.Grace);
        await bench.WhenGoneAsync(processes);
        Assert.All(processes, process => Assert.True(process.WasKilled));
    }

    [Theory] // G-7
    [InlineData("{0}/link")]
    [InlineData("{0}/home/")]
    [InlineData("{0}//home/.")]
    [InlineData("{0}/other/../home")]
    [InlineData("{0}/linked-folder/home")]
    public async Task Flush_HomeWrittenOtherwise_IsTheSameHome(string format)
    {
        using var folder = new Hosting.TemporaryDirectory();
        Directory.CreateDirectory(folder.File("home"));
        Directory.CreateDirectory(folder.File("other"));
        File.CreateSymbolicLink(folder.File("link"), "home");
        Directory.CreateSymbolicLink(folder.File("linked-folder"), folder.FullName);
        await using var bench = new ProberBench();
        var process = await bench.AnsweredAsync(folder.File("home"));
        var other = await bench.AnsweredAsync(folder.File("other"));

        bench.Prober.Flush(string.Format(System.Globalization.CultureInfo.InvariantCulture, format, folder.FullName));

        await bench.WhenGoneAsync(process);
        Assert.False(other.InputIsClosed);
    }

    [Fact] // G-7
    public async Task Probe_HomeWrittenOtherwise_SharesItsWorkers()
    {
        using var folder = new Hosting.TemporaryDirectory();
        Directory.CreateDirectory(folder.File("home"));
        File.CreateSymbolicLink(folder.File("link"), folder.File("home"));
        await using var bench = new ProberBench();

        Assert.Same(await bench.AnsweredAsync(folder.File("home")), await bench.AnsweredAsync(folder.File("link") + "/"));
    }
}
