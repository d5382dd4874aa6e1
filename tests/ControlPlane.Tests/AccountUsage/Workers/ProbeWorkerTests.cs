using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>P-30, E-3: never started, running and closed are three states, and nothing leads back.</summary>
public sealed class ProbeWorkerTests
{
    private readonly FakeWorkers _workers = new();

    [Fact]
    public void NeverStarted_IsUsable_AndNotClosed()
    {
        var worker = new ProbeWorker("/a");

        Assert.Equal((WorkerState.NeverStarted, true), (worker.State, worker.IsUsable));
        Assert.Null(worker.Process);
    }

    [Fact]
    public void TryRun_OnlyFromNeverStarted()
    {
        var worker = new ProbeWorker("/a");
        var first = Process(0);

        Assert.True(worker.TryRun(first));
        Assert.False(worker.TryRun(Process(1)));

        Assert.Equal((WorkerState.Running, true), (worker.State, worker.IsUsable));
        Assert.Same(first, worker.Process);
    }

    [Fact]
    public void Running_ProcessIsGone_IsNotUsable_ButStillToBeClosed()
    {
        var worker = new ProbeWorker("/a");
        var process = Process(0);
        worker.TryRun(process);

        process.Exit();

        Assert.Equal((WorkerState.Running, false), (worker.State, worker.IsUsable));
        Assert.Same(process, worker.Close());
    }

    [Fact]
    public void Close_HandsTheProcessToOneCaller_AndIsFinal()
    {
        var worker = new ProbeWorker("/a");
        var process = Process(0);
        worker.TryRun(process);

        IWorkerProcess?[] got = [.. ParallelEnumerable.Range(0, 8).WithDegreeOfParallelism(8).Select(_ => worker.Close())];

        Assert.Same(process, Assert.Single(got, each => each is not null));
        Assert.Equal((WorkerState.Closed, false), (worker.State, worker.IsUsable));
        Assert.False(worker.TryRun(Process(1)));
    }

    [Fact]
    public void Close_NeverStarted_IsClosedForGood()
    {
        var worker = new ProbeWorker("/a");

        Assert.Null(worker.Close());

        Assert.False(worker.TryRun(Process(0)));
        Assert.Equal((WorkerState.Closed, false), (worker.State, worker.IsUsable));
    }

    private FakeWorkerProcess Process(int number) => new(_workers, "/a", number);
}
