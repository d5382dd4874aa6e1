using System.Globalization;
using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Tests.Recording;

public sealed class LimitsObserverTests : IDisposable
{
    private readonly LimitsBench _bench = new();

    private LimitsObserver Observer => _bench.Observer;

    public void Dispose() => _bench.Dispose();

    [Fact]
    public void Observe_TheSameCredentialAgain_KeepsTheLater()
    {
        Observer.Observe(LimitsBench.Of("a", seconds: 1, utilization: .1));
        Observer.Observe(LimitsBench.Of("a", seconds: 3, utilization: .3));
        Observer.Observe(LimitsBench.Of("a", seconds: 2, utilization: .2)); // came late
        Observer.Observe(LimitsBench.Of("b", seconds: 1));

        Assert.Equal([("a", .3), ("b", .5)], Observer.Pending().Select(observed => (observed.Credential, observed.Limits.Windows[0].Utilization!.Value)).Order());
        Assert.Equal((2, 4, 0), (Observer.Count, _bench.Sum("observed p"), _bench.Sum("dropped p")));
    }

    [Fact]
    public void Written_TakesOutWhatWasWritten_AndNothingLater()
    {
        Observer.Observe(LimitsBench.Of("a", seconds: 1));
        Observer.Observe(LimitsBench.Of("b", seconds: 1));
        var batch = Observer.Pending();
        Observer.Observe(LimitsBench.Of("b", seconds: 2)); // while it is being written

        Observer.Written(batch);

        var left = Assert.Single(Observer.Pending());
        Assert.Equal(("b", LimitsBench.Of("b", seconds: 2).ObservedAt), (left.Credential, left.ObservedAt));
        Assert.Equal((1, 2), (Observer.Count, _bench.Sum("written p")));
    }

    [Fact]
    public void Observe_TooManyCredentials_DropsNewOnesCountsThemAndSaysSoOnce()
    {
        for (var i = 0; i < LimitsObserver.Capacity + 5; i++)
        {
            Observer.Observe(LimitsBench.Of(i.ToString(CultureInfo.InvariantCulture)));
        }

        Observer.Observe(LimitsBench.Of("0", seconds: 1)); // a known one is still heard

        Assert.Equal((LimitsObserver.Capacity, LimitsObserver.Capacity, 5), (Observer.Count, Observer.Pending().Count, _bench.Sum("dropped p")));
        Assert.Equal(LimitsBench.Of("0", seconds: 1).ObservedAt, Observer.Pending().Max(observed => observed.ObservedAt));
        Assert.Single(_bench.Logs.Of(EventIds.LimitsDropped));

        Observer.Written(Observer.Pending());
        Observer.Observe(LimitsBench.Of("new"));
        Assert.Equal((1, 5), (Observer.Count, _bench.Sum("dropped p")));
    }

    [Fact]
    public async Task Observe_FromManyThreadsWhileOthersAreWritten_LosesNoneAndCountsRight()
    {
        const int credentials = 20;
        const int rounds = 2_000;
        var written = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        var observing = Parallel.ForAsync(0, 8, async (thread, cancellationToken) =>
        {
            await Task.Yield();
            for (var round = 0; round < rounds; round++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                Observer.Observe(LimitsBench.Of($"c{(round + thread) % credentials}", seconds: round));
            }
        });

        void WriteAll()
        {
            var batch = Observer.Pending();
            foreach (var observed in batch)
            {
                var before = written.GetValueOrDefault(observed.Credential);
                written[observed.Credential] = before > observed.ObservedAt ? before : observed.ObservedAt; // as the store does
            }

            Observer.Written(batch);
        }

        while (!observing.IsCompleted)
        {
            WriteAll();
        }

        await observing;
        WriteAll();

        Assert.Equal((0, 0), (Observer.Count, Observer.Pending().Count));
        Assert.Equal(8 * rounds, _bench.Sum("observed p"));
        Assert.Equal(credentials, written.Count);
        Assert.All(written, pair => Assert.True(pair.Value >= LimitsBench.Of("x", seconds: rounds - credentials).ObservedAt, pair.Key)); // the last of each was written
    }

    [Fact]
    public async Task Wait_SomethingWasObserved_ReturnsOnceForAll()
    {
        Observer.Observe(LimitsBench.Of("a"));
        Observer.Observe(LimitsBench.Of("b"));

        Assert.True(await Observer.WaitAsync(Timeouts.Token));

        var next = Observer.WaitAsync(Timeouts.Token);
        Assert.False(next.IsCompleted); // nothing new
        Observer.Complete();
        Assert.False(await next);
    }
}
