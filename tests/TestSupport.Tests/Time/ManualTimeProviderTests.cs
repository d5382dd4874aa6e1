namespace Trinity.TestSupport.Tests.Time;

public sealed class ManualTimeProviderTests
{
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Advance_MovesClockAndTimestampTogether()
    {
        var (start, stamp) = (_time.GetUtcNow(), _time.GetTimestamp());

        _time.Advance(TimeSpan.FromSeconds(90));

        Assert.Equal(TimeSpan.FromSeconds(90), _time.GetUtcNow() - start);
        Assert.Equal(TimeSpan.FromSeconds(90), _time.GetElapsedTime(stamp));
    }

    [Fact]
    public void Advance_FiresTimersInDueOrder_EachAtItsTime()
    {
        var start = _time.GetUtcNow();
        List<string> fired = [];
        using var late = Timer("late", 30, Timeout.Infinite);
        using var early = Timer("early", 10, Timeout.Infinite);
        using var twin = Timer("twin", 10, Timeout.Infinite);
        using var repeated = Timer("repeated", 5, 20);

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Equal("repeated@5 early@10 twin@10 repeated@25", string.Join(' ', fired));
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal("late@30", fired[^1]);
        Assert.Equal(1, _time.ArmedTimers); // the repeated one

        ITimer Timer(string name, int due, int period) => _time.CreateTimer(
            _ => fired.Add($"{name}@{(_time.GetUtcNow() - start).TotalSeconds:0}"),
            state: null,
            TimeSpan.FromSeconds(due),
            period == Timeout.Infinite ? Timeout.InfiniteTimeSpan : TimeSpan.FromSeconds(period));
    }

    [Fact]
    public void Timer_ChangedOrDisposed_FollowsTheLastWord()
    {
        var fired = 0;
        using var timer = _time.CreateTimer(_ => fired++, state: null, TimeSpan.FromSeconds(5), Timeout.InfiniteTimeSpan);
        timer.Change(TimeSpan.FromSeconds(10), Timeout.InfiniteTimeSpan);
        _time.Advance(TimeSpan.FromSeconds(9));
        Assert.Equal(0, fired);
        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal(1, fired);

        timer.Change(TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
        timer.Dispose();
        _time.Advance(TimeSpan.FromHours(1));
        Assert.Equal(1, fired);
        Assert.False(timer.Change(TimeSpan.Zero, Timeout.InfiniteTimeSpan));
    }

    [Fact]
    public async Task FrameworkWaits_EndWhenTheClockGetsThere()
    {
        var delay = Task.Delay(TimeSpan.FromMinutes(5), _time);
        using var timeout = new CancellationTokenSource(TimeSpan.FromMinutes(4), _time);
        using var periodic = new PeriodicTimer(TimeSpan.FromMinutes(1), _time);
        await _time.WhenArmedAsync(3);

        _time.Advance(TimeSpan.FromMinutes(4));
        Assert.True(timeout.IsCancellationRequested);
        Assert.True(await periodic.WaitForNextTickAsync(Timeouts.Token));
        Assert.False(delay.IsCompleted);
        _time.Advance(TimeSpan.FromMinutes(1));
        await delay.WaitAsync(Timeouts.Token);
    }

    [Fact]
    public async Task ManyThreads_NoTimerIsLostOrFiredTwice()
    {
        var fired = 0;
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() =>
        {
            for (var i = 0; i < 200; i++)
            {
                _time.CreateTimer(_ => Interlocked.Increment(ref fired), state: null, TimeSpan.FromMilliseconds(i), Timeout.InfiniteTimeSpan);
                _time.Advance(TimeSpan.FromMilliseconds(1));
            }
        })));
        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Equal(1600, fired);
        Assert.Equal(0, _time.ArmedTimers);
    }
}
