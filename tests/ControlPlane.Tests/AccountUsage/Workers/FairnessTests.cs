namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>Probes of many homes at once: P-27, G-3, and the cap on processes.</summary>
public sealed class FairnessTests
{
    [Fact] // P-27
    public async Task Probe_AsManyAsMayRun_TheNextEntersWhenOneLeaves()
    {
        await using var bench = new ProberBench(options => (options.MaxProbes, options.WorkersPerHome, options.MaxProbesPerHome) = (2, 1, 1));
        var (first, one) = await bench.AskedAsync("/a");
        await bench.AskedAsync("/b");
        var third = bench.ProbeAsync("/c");
        Assert.Equal(2, bench.Workers.Questions.Count);

        one.Answer();
        await first;

        (await bench.Workers.QuestionAsync(3)).Answer();
        Assert.Equal("/c", (await third).Credential);
    }

    [Fact] // G-3: with the defaults, two homes that hang leave room for all others
    public async Task Probe_TwoHomesHang_DelayNoOther()
    {
        await using var bench = new ProberBench(options => options.WorkerWait = TimeSpan.Zero);
        bench.Workers.Script = question =>
        {
            if (!question.Process.Home.StartsWith("/hung", StringComparison.Ordinal))
            {
                question.Answer();
            }
        };
        var hung = Enumerable.Range(0, 20).Select(index => bench.ProbeAsync($"/hung{index % 2}")).ToArray();
        await bench.Workers.QuestionAsync(2 * bench.Settings.MaxProbesPerHome);

        var replies = await Task.WhenAll(Enumerable.Range(0, 100).Select(index => bench.ProbeAsync($"/home{index % 10}")));

        Assert.All(replies, reply => Assert.Equal("anthropic", reply.Usage.Problem)); // without a tick of the clock
        Assert.DoesNotContain(hung, probe => probe.IsCompleted);
        Assert.Equal(2 * bench.Settings.MaxProbesPerHome, bench.Workers.Questions.Count(question => question.Process.Home.StartsWith("/hung", StringComparison.Ordinal)));
    }

    [Theory] // 200 probes over 20 homes: no worker is asked twice at once (FakeWorkerProcess looks), and no process more than may be
    [InlineData(2, 0)]   // as many at once as a home has workers: no wait, and none is cold
    [InlineData(3, 500)] // more than that: they wait, and as no time passes none is cold
    public async Task Probe_200Over20Homes_NoneIsCold(int perHome, int waitMilliseconds)
    {
        await using var bench = new ProberBench(options => (options.MaxProbesPerHome, options.WorkerWait) = (perHome, TimeSpan.FromMilliseconds(waitMilliseconds)));
        bench.Workers.OnLaunch = async _ => await Task.Yield();
        bench.Workers.Script = question => ThreadPool.QueueUserWorkItem(_ => question.Answer());

        var replies = await Task.WhenAll(Enumerable.Range(0, 200).Select(index => Task.Run(() => bench.ProbeAsync($"/home{index % 20}"))));

        Assert.All(replies, reply => Assert.Equal(("anthropic", false), (reply.Usage.Problem, reply.Cold)));
        Assert.All(Enumerable.Range(0, 20), home => Assert.Equal(10, replies.Count(reply => reply.Credential == $"/home{home}")));
        Assert.InRange(bench.Workers.MostLiving, 1, bench.Settings.MaxWorkers);
        Assert.Empty(bench.Workers.Violations);
    }

    [Fact] // the cold ones counted and explained: one for each probe at once that a home has no worker for
    public async Task Probe_MoreAtOnceThanWorkers_AsManyColdOnes()
    {
        await using var bench = new ProberBench(options =>
            (options.MaxProbes, options.MaxWorkers, options.MaxProbesPerHome, options.WorkerWait) = (60, 60, 3, TimeSpan.Zero));

        var probes = Enumerable.Range(0, 200).Select(index => bench.ProbeAsync($"/home{index % 20}")).ToArray();
        await bench.Workers.QuestionAsync(60); // three of each home, none of which was answered yet
        var first = bench.Workers.Questions.Take(60).ToArray();
        bench.Workers.Script = question => question.Answer();
        Array.ForEach(first, question => question.Answer());

        var cold = (await Task.WhenAll(probes)).Where(reply => reply.Cold).ToArray();
        Assert.All(Enumerable.Range(0, 20), home => Assert.Equal(3, first.Count(question => question.Process.Home == $"/home{home}")));
        Assert.All(Enumerable.Range(0, 20), home => Assert.Contains(cold, reply => reply.Credential == $"/home{home}"));
        Assert.InRange(bench.Workers.MostLiving, 60, 60);
    }
}
