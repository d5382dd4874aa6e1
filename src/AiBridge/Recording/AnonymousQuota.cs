namespace Trinity.AiBridge.Recording;

/// <summary>Keeps callers without a valid virtual key from filling the records: so many a second are recorded, the rest is only counted.</summary>
/// <remarks>Any request takes; the second that runs and its count are read and written under the lock, which is a leaf.</remarks>
internal sealed class AnonymousQuota(TimeProvider time)
{
    public const int PerSecond = 20;

    private readonly Lock _gate = new();
    private long _startedAt = time.GetTimestamp();
    private int _taken;

    public bool TryTake()
    {
        lock (_gate)
        {
            var now = time.GetTimestamp();
            if (time.GetElapsedTime(_startedAt, now) >= TimeSpan.FromSeconds(1))
            {
                _startedAt = now;
                _taken = 0;
            }

            if (_taken == PerSecond)
            {
                return false;
            }

            _taken++;
            return true;
        }
    }
}
