namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>A clock that flows and can leap. Waits below a second are real ones; longer ones (limits, pauses before another try) end by a leap only, so that no test sits them out.</summary>
/// <param name="off">How far it is from the real one, by which the database and the engine go.</param>
internal sealed class LeapingTime(TimeSpan off = default) : TimeProvider
{
    private static readonly TimeSpan Short = TimeSpan.FromSeconds(1);

    private readonly ManualTimeProvider _leaps = new(System.GetUtcNow() + off);
    private readonly long _started = System.GetTimestamp();

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override DateTimeOffset GetUtcNow() => _leaps.GetUtcNow() + System.GetElapsedTime(_started);

    public override long GetTimestamp() => _leaps.GetTimestamp() + System.GetElapsedTime(_started).Ticks;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        dueTime < Short && period < Short ? System.CreateTimer(callback, state, dueTime, period) : _leaps.CreateTimer(callback, state, dueTime, period);

    public void Leap(TimeSpan by) => _leaps.Advance(by);
}
