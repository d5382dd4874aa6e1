namespace Trinity.TestSupport.Time;

/// <summary>A clock that moves, and fires its timers, only by <see cref="Advance"/>.</summary>
/// <remarks>
/// <c>_lock</c> guards clock and timers and is never held while a callback runs. One advance runs at a time (<c>_advancing</c>, taken first);
/// a callback may itself advance, on the same thread.
/// </remarks>
public sealed class ManualTimeProvider(DateTimeOffset start) : TimeProvider
{
    private readonly Lock _advancing = new();
    private readonly Lock _lock = new();
    private readonly List<ManualTimer> _timers = [];
    private readonly StateSignal _signal = new();
    private readonly DateTimeOffset _start = start.ToUniversalTime();
    private TimeSpan _elapsed;
    private long _sequence;

    /// <summary>Starts at 2030-01-01, so that no test relies on the real date.</summary>
    public ManualTimeProvider()
        : this(new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
    }

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    /// <summary>How many timers are armed; delays and timeouts of this provider count too.</summary>
    public int ArmedTimers
    {
        get
        {
            lock (_lock)
            {
                return _timers.Count;
            }
        }
    }

    public override DateTimeOffset GetUtcNow()
    {
        lock (_lock)
        {
            return _start + _elapsed;
        }
    }

    public override long GetTimestamp()
    {
        lock (_lock)
        {
            return _elapsed.Ticks;
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>Waits until the code under test has armed at least so many timers, so that an advance will not come too early.</summary>
    public Task WhenArmedAsync(int atLeast = 1, CancellationToken cancellationToken = default) =>
        _signal.WaitAsync(() => ArmedTimers >= atLeast, () => $"{atLeast} timers should be armed, {ArmedTimers} are.", cancellationToken);

    /// <summary>Moves the clock from timer to timer up to the new time; each callback runs here and sees the time it was due.</summary>
    public void Advance(TimeSpan time)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(time, TimeSpan.Zero);
        lock (_advancing)
        {
            TimeSpan target;
            lock (_lock)
            {
                target = _elapsed + time;
            }

            while (TakeDue(target) is { } timer)
            {
                timer.Fire();
            }
        }
    }

    internal void Arm(ManualTimer timer, TimeSpan dueTime, TimeSpan period)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                timer.Due = _elapsed + dueTime;
                timer.Period = period;
                timer.Sequence = _sequence++;
                _timers.Add(timer);
            }
        }

        _signal.Changed();
    }

    internal void Disarm(ManualTimer timer)
    {
        lock (_lock)
        {
            _timers.Remove(timer);
        }

        _signal.Changed();
    }

    /// <summary>Moves the clock to the next timer that is due by the target and re-arms it if it repeats; without one, to the target.</summary>
    private ManualTimer? TakeDue(TimeSpan target)
    {
        lock (_lock)
        {
            var next = _timers.Where(timer => timer.Due <= target).MinBy(timer => (timer.Due, timer.Sequence));
            if (next is null)
            {
                _elapsed = Max(_elapsed, target);
                return null;
            }

            _elapsed = Max(_elapsed, next.Due);
            if (next.Period > TimeSpan.Zero)
            {
                next.Due += next.Period;
                next.Sequence = _sequence++;
            }
            else
            {
                _timers.Remove(next);
            }

            return next;
        }
    }

    private static TimeSpan Max(TimeSpan one, TimeSpan other) => one > other ? one : other;
}
