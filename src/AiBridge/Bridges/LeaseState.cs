namespace Trinity.AiBridge.Bridges;

/// <summary>How many leases a bridge has and whether it is retired, in one int: bit 0 = retired, the rest = leases.</summary>
/// <remarks>
/// <code>
/// 31 ........ 1 | 0
///   lease count | retired
/// </code>
/// Changed by compare-and-swap alone. Exactly one call, of <see cref="Release"/>, <see cref="Retire"/> or <see cref="TryRetireUnused"/>, moves it to "retired, no leases"
/// and is told so: that caller disposes.
/// </remarks>
internal struct LeaseState
{
    private const int Retired = 1;
    private const int Lease = 2;

    private int _state;

    public readonly int Leases => Volatile.Read(in _state) / Lease;

    public readonly bool IsRetired => (Volatile.Read(in _state) & Retired) != 0;

    /// <summary>Takes a lease, unless the bridge is retired.</summary>
    public bool TryAcquire()
    {
        for (var current = Volatile.Read(in _state); (current & Retired) == 0;)
        {
            var seen = Interlocked.CompareExchange(ref _state, current + Lease, current);
            if (seen == current)
            {
                return true;
            }

            current = seen;
        }

        return false;
    }

    /// <summary>Gives a lease back; true when the caller must dispose.</summary>
    public bool Release() => Interlocked.Add(ref _state, -Lease) == Retired;

    /// <summary>Refuses leases from now on if there is none; true when the caller must dispose.</summary>
    public bool TryRetireUnused() => Interlocked.CompareExchange(ref _state, Retired, 0) == 0;

    /// <summary>Refuses leases from now on; true when this call did it, with <paramref name="dispose"/> when the caller must dispose.</summary>
    public bool Retire(out bool dispose)
    {
        var before = Interlocked.Or(ref _state, Retired);
        dispose = before == 0;
        return (before & Retired) == 0;
    }
}
