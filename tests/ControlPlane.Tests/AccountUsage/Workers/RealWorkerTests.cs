using System.Text;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>The pool with real processes: pipes, environments, signals.</summary>
public sealed class RealWorkerTests : IDisposable
{
    private readonly ScriptedWorkers _workers = new();

    public void Dispose() => _workers.Dispose();

    [Fact] // P-13, P-15
    public async Task Probe_Repeatedly_IsAnsweredByOneProcess()
    {
        await using var bench = new RealProberBench(_workers.Command);

        var first = await bench.ProbeAsync(_workers.Home("a"), "one");
        var second = await bench.ProbeAsync(_workers.Home("a"), "two");
        var other = await bench.ProbeAsync(_workers.Home("b"), "one");

        Assert.Equal((UsageVerdict.Unsupported, first.Usage.Problem, _workers.Home("a")), (second.Usage.Verdict, second.Usage.Problem, second.Credential));
        Assert.NotEqual(first.Usage.Problem, other.Usage.Problem);
    }

    [Fact] // G-1: the thread that started a worker means nothing to it
    public async Task Probe_ThreadThatStartedTheWorkerEnds_TheWorkerLives()
    {
        await using var bench = new RealProberBench(_workers.Command);
        var home = _workers.Home("a");
        ProbeReply? first = null;
        var thread = new Thread(() => first = bench.ProbeAsync(home, "one").GetAwaiter().GetResult());
        thread.Start();
        thread.Join();

        var second = await bench.ProbeAsync(home, "one");

        Assert.Equal(first!.Usage.Problem, second.Usage.Problem);
    }

    [Theory] // P-14
    [InlineData("die")]
    [InlineData("endless")]
    public async Task Probe_WorkerFails_IsUnavailable_AndItsProcessGone(string channel)
    {
        await using var bench = new RealProberBench(_workers.Command);
        var home = _workers.Home("a");

        Assert.Equal(UsageVerdict.Unavailable, (await bench.ProbeAsync(home, channel)).Usage.Verdict);

        await Eventually.TrueAsync(() => bench.Prober.Processes == 0 && _workers.Living.Count == 0, "the process is gone");
        Assert.Equal(UsageVerdict.Unsupported, (await bench.ProbeAsync(home, "one")).Usage.Verdict);
    }

    [Fact] // P-14, P-42: one that heeds nothing is killed with what it started, here a sleep that has its pipes
    public async Task Probe_Deaf_IsUnavailableInTime_AndKilled()
    {
        await using var bench = new RealProberBench(_workers.Command, options => options.ProbeTimeout = TimeSpan.FromSeconds(1));

        var reply = await bench.ProbeAsync(_workers.Home("a"), "deaf");

        Assert.Equal("There was no answer within 1 seconds.", reply.Usage.Problem);
        await Eventually.TrueAsync(() => bench.Prober.Processes == 0 && _workers.Living.Count == 0, "the process is gone");
    }

    [Fact]
    public async Task Probe_NoSuchProgram_IsUnavailable()
    {
        await using var bench = new RealProberBench(new WorkerCommand("/nowhere/worker"));

        Assert.Equal("No worker could be started for this home.", (await bench.ProbeAsync(_workers.Home("a"), "one")).Usage.Problem);
        Assert.Equal(0, bench.Prober.Processes);
    }

    [Fact] // P-11, P-54: the home's file of the moment of the start, and nothing that only the control plane may know
    public async Task Probe_Environment_IsTheHomes_AndOursStaysAsItWas()
    {
        await using var bench = new RealProberBench(_workers.Command);
        var home = _workers.Home("a");
        await File.WriteAllTextAsync(Path.Combine(home, ".env"), "OPENROUTER_API_KEY='one two'\n", Timeouts.Token);

        await bench.ProbeAsync(home, "environment");
        var first = Read();
        await File.WriteAllTextAsync(Path.Combine(home, ".env"), "", Timeouts.Token);
        await bench.ProbeAsync(home, "environment");
        var warm = Read();
        bench.Prober.Flush(home);
        await bench.ProbeAsync(home, "environment");
        var flushed = Read();

        Assert.Contains("OPENROUTER_API_KEY=one two\n", first, StringComparison.Ordinal);
        Assert.Contains($"HOME={home}\n", first, StringComparison.Ordinal);
        Assert.Contains("OPENROUTER_API_KEY=one two\n", warm, StringComparison.Ordinal); // why there is a flush
        Assert.DoesNotContain("OPENROUTER_API_KEY", flushed, StringComparison.Ordinal);
        Assert.Null(Environment.GetEnvironmentVariable("OPENROUTER_API_KEY"));
    }

    [Fact] // "200 concurrent probes over 20 homes": the wait is longer than any start, so saturation forces no cold one
    public async Task Probe_200Over20Homes_NoDoubleClaim_NoColdStart_WithinTheCap_NoneLeft()
    {
        var bench = new RealProberBench(_workers.Command, options => options.WorkerWait = Timeouts.Default);
        using var watch = new CancellationTokenSource();
        var most = MostAsync(watch.Token);

        var replies = await Task.WhenAll(Enumerable.Range(0, 200).Select(index => Task.Run(() => bench.ProbeAsync(_workers.Home($"home{index % 20}"), "one"))));

        Assert.All(replies, reply => Assert.Equal((UsageVerdict.Unsupported, false), (reply.Usage.Verdict, reply.Cold)));
        Assert.All(Enumerable.Range(0, 20), home => Assert.Equal(10, replies.Count(reply => reply.Credential == _workers.Home($"home{home}"))));
        await watch.CancelAsync();
        Assert.InRange(await most, 1, new ControlPlane.AccountUsage.AccountUsageOptions().MaxWorkers);
        await bench.DisposeAsync();
        Assert.Empty(_workers.Living);
    }

    [Fact] // G-3, "a hung home delays no other home"
    public async Task Probe_TwoHomesHang_OthersAreAnswered_AndDisposeDoesNotWaitForThem()
    {
        var bench = new RealProberBench(_workers.Command);
        var hung = Enumerable.Range(0, 10).Select(index => bench.ProbeAsync(_workers.Home($"hung{index % 2}"), "hang")).ToArray();
        await Eventually.TrueAsync(() => _workers.Living.Count == 6, "as many hang as may");

        for (var index = 0; index < 20; index++)
        {
            Assert.Equal(UsageVerdict.Unsupported, (await bench.ProbeAsync(_workers.Home($"home{index % 10}"), "one")).Usage.Verdict);
        }

        Assert.DoesNotContain(hung, probe => probe.IsCompleted);
        await bench.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30)); // G-8: 35 s would be the probes' own limit
        Assert.All(await Task.WhenAll(hung), reply => Assert.Equal(UsageVerdict.Unavailable, reply.Usage.Verdict));
        Assert.Empty(_workers.Living);
    }

    private async Task<int> MostAsync(CancellationToken cancellationToken)
    {
        var most = 0;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(2));
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                most = Math.Max(most, _workers.Living.Count);
            }
        }
        catch (OperationCanceledException)
        {
            // The probes are done.
        }

        return most;
    }

    private string Read() => Encoding.UTF8.GetString(Convert.FromBase64String(_workers.Environment));
}
