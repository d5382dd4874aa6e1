using Microsoft.Extensions.Hosting;
using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Tests.Recording;

public sealed class LimitsShipperTests : IDisposable
{
    private readonly LimitsBench _bench = new();
    private readonly ScriptedLimitsStore _store = new();

    public void Dispose() => _bench.Dispose();

    [Fact]
    public async Task Ship_FirstObservation_IsWrittenAtOnce_AndLaterOnesTogetherAfterTheInterval()
    {
        await using var running = await StartAsync();
        _bench.Observer.Observe(LimitsBench.Of("a", seconds: 1));
        await _store.WhenWrittenAsync(1);
        await _bench.Time.WhenArmedAsync(1, Timeouts.Token);

        for (var i = 2; i <= 50; i++)
        {
            _bench.Observer.Observe(LimitsBench.Of("a", seconds: i));
            _bench.Observer.Observe(LimitsBench.Of("b", seconds: i));
        }

        _bench.Time.Advance(LimitsShipper.Interval - TimeSpan.FromMilliseconds(1));
        Assert.Single(_store.Batches);
        _bench.Time.Advance(TimeSpan.FromMilliseconds(1));
        await _store.WhenWrittenAsync(2);

        Assert.Equal([("a", 50d), ("b", 50d)], _store.Batches[1].Order());
        Assert.Equal(3, _bench.Sum("written p"));
    }

    [Fact]
    public async Task Ship_NothingNew_WritesNothing()
    {
        await using var running = await StartAsync();
        _bench.Observer.Observe(LimitsBench.Of("a"));
        await _store.WhenWrittenAsync(1);
        await _bench.Time.WhenArmedAsync(1, Timeouts.Token);

        _bench.Time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(0, _bench.Time.ArmedTimers); // nothing ticks
        _bench.Observer.Observe(LimitsBench.Of("b"));
        await _store.WhenWrittenAsync(2);
        Assert.Equal([("b", 0d)], _store.Batches[1]);
    }

    [Fact]
    public async Task Ship_ObservedWhileItIsWritten_IsWrittenNext()
    {
        await using var running = await StartAsync();
        var gate = _store.HoldNext();
        _bench.Observer.Observe(LimitsBench.Of("a", seconds: 1));
        await _store.WhenBegunAsync(1);
        _bench.Observer.Observe(LimitsBench.Of("a", seconds: 2));
        gate.SetResult();
        await _bench.Time.WhenArmedAsync(1, Timeouts.Token);

        _bench.Time.Advance(LimitsShipper.Interval);
        await _store.WhenWrittenAsync(2);

        Assert.Equal([[("a", 1d)], [("a", 2d)]], _store.Batches);
    }

    [Fact]
    public async Task Ship_DatabaseIsAway_KeepsTheLatestOfEach_TriesLessAndLess_AndSaysSoOnce()
    {
        await using var running = await StartAsync();
        _store.Refuse(8);
        _bench.Observer.Observe(LimitsBench.Of("a", seconds: 1));
        double[] pauses = [.5, 1, 2, 4, 5, 5, 5, 5];
        for (var attempt = 1; attempt <= pauses.Length; attempt++)
        {
            await _store.WhenBegunAsync(attempt);
            await _bench.Time.WhenArmedAsync(1, Timeouts.Token);
            _bench.Observer.Observe(LimitsBench.Of("a", seconds: attempt * 10));
            _bench.Time.Advance(TimeSpan.FromSeconds(pauses[attempt - 1]) - TimeSpan.FromMilliseconds(1));
            Assert.Equal(attempt, _store.Begun);
            _bench.Time.Advance(TimeSpan.FromMilliseconds(1));
        }

        await _store.WhenWrittenAsync(1);

        Assert.Equal([("a", 80d)], Assert.Single(_store.Batches));
        await _bench.Logs.WhenLoggedAsync(EventIds.LimitsWrittenAgain);
        Assert.Single(_bench.Logs.Of(EventIds.LimitsNotWritten));
    }

    [Fact]
    public async Task Ship_ManyCredentials_GoInBatches()
    {
        for (var i = 0; i < (2 * LimitsShipper.MaxBatch) + 1; i++)
        {
            _bench.Observer.Observe(LimitsBench.Of($"c{i}"));
        }

        await using var running = await StartAsync();
        await _store.WhenWrittenAsync(3);

        Assert.Equal([LimitsShipper.MaxBatch, LimitsShipper.MaxBatch, 1], _store.Batches.Select(batch => batch.Count));
    }

    [Fact]
    public async Task Stop_WritesWhatThereIs_WithoutWaitingForTheInterval()
    {
        await using var running = await StartAsync();
        _bench.Observer.Observe(LimitsBench.Of("a", seconds: 1));
        await _store.WhenWrittenAsync(1);
        await _bench.Time.WhenArmedAsync(1, Timeouts.Token);
        _bench.Observer.Observe(LimitsBench.Of("a", seconds: 2));

        await running.Shipper.StopAsync(Timeouts.Token);

        Assert.Equal([("a", 2d)], _store.Batches[1]);
        Assert.Empty(_bench.Logs.Of(EventIds.LimitsLostAtShutdown));
    }

    [Fact]
    public async Task Stop_DatabaseIsAway_GivesUpAtTheDeadline()
    {
        await using var running = await StartAsync();
        _ = _store.HoldNext();
        _bench.Observer.Observe(LimitsBench.Of("a"));
        await _store.WhenBegunAsync(1);

        var stopping = running.Shipper.StopAsync(Timeouts.Token);
        await _bench.Time.WhenArmedAsync(1, Timeouts.Token);
        Assert.False(stopping.IsCompleted);
        _bench.Time.Advance(LimitsShipper.FlushDeadline);
        await stopping;

        Assert.Single(_bench.Logs.Of(EventIds.LimitsLostAtShutdown));
        Assert.Empty(_store.Batches);
    }

    // The host takes a background service that ends in anything but a cancellation for a defect, and says so as critical.
    [Fact]
    public async Task Stop_ConnectionBreaksAsItGivesUp_IsNoFault()
    {
        var store = new BreakingStore();
        using var shipper = _bench.Shipper(store);
        await shipper.StartAsync(Timeouts.Token);
        _bench.Observer.Observe(LimitsBench.Of("a"));
        await store.Begun.Task.WaitAsync(Timeouts.Token);

        var stopping = shipper.StopAsync(Timeouts.Token);
        await _bench.Time.WhenArmedAsync(1, Timeouts.Token);
        _bench.Time.Advance(LimitsShipper.FlushDeadline);
        await stopping;

        Assert.True(shipper.ExecuteTask!.IsCanceled, $"{shipper.ExecuteTask.Status}: {shipper.ExecuteTask.Exception}");
    }

    private async Task<Running> StartAsync()
    {
        var shipper = _bench.Shipper(_store);
        await shipper.StartAsync(Timeouts.Token);
        return new Running(shipper);
    }

    private sealed class Running(LimitsShipper shipper) : IAsyncDisposable
    {
        public BackgroundService Shipper => shipper;

        public async ValueTask DisposeAsync()
        {
            shipper.Dispose();
            await shipper.ExecuteTask!.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    /// <summary>A write that ends in a broken connection when it is cancelled.</summary>
    private sealed class BreakingStore : ILimitsStore
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public async Task WriteAsync(IReadOnlyList<ObservedLimits> batch, CancellationToken cancellationToken)
        {
            Begun.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw new IOException("reset");
        }
    }
}
