namespace Trinity.AiBridge.Forwarding;

/// <summary>Why a key is not used for a while.</summary>
internal enum CooldownReason
{
    None,
    RateLimited,
    Unauthorized,
}

/// <summary>A cooldown that is on.</summary>
internal readonly record struct Cooldown(CooldownReason Reason, DateTimeOffset Until)
{
    /// <summary>The reason as metrics, logs and the replica's report say it.</summary>
    public string ReasonName => NameOf(Reason);

    public static string NameOf(CooldownReason reason) => reason == CooldownReason.RateLimited ? "rate_limited" : "unauthorized";
}

/// <summary>The cooldown of one provider key, by key id: it outlives bridges and reloads.</summary>
/// <remarks><c>_state</c> is an immutable pair, replaced by compare-and-swap from any request.</remarks>
internal sealed class KeyHealth
{
    public static readonly TimeSpan DefaultCooldown = TimeSpan.FromSeconds(60);
    public static readonly TimeSpan MaxCooldown = TimeSpan.FromMinutes(15); // a weekly limit is probed now and then, so that the key heals by itself

    private sealed record State(CooldownReason Reason, DateTimeOffset Until);

    private static readonly State Healthy = new(CooldownReason.None, DateTimeOffset.MinValue);

    private State _state = Healthy;

    /// <summary>Remaining cooldown at <paramref name="now"/>; zero when the key may be used.</summary>
    public TimeSpan Remaining(DateTimeOffset now, out CooldownReason reason)
    {
        var state = Volatile.Read(ref _state);
        var remaining = state.Until - now;
        reason = remaining > TimeSpan.Zero ? state.Reason : CooldownReason.None;
        return remaining > TimeSpan.Zero ? remaining : TimeSpan.Zero;
    }

    /// <summary>Null when the key may be used.</summary>
    public Cooldown? CooldownAt(DateTimeOffset now)
    {
        var state = Volatile.Read(ref _state);
        return state.Until > now ? new Cooldown(state.Reason, state.Until) : null;
    }

    /// <summary>Starts a cooldown; a later deadline that is already set stays.</summary>
    public void CoolDown(CooldownReason reason, TimeSpan duration, DateTimeOffset now)
    {
        var next = new State(reason, now + (duration < MaxCooldown ? duration : MaxCooldown));
        for (var current = Volatile.Read(ref _state); current.Until < next.Until;)
        {
            var seen = Interlocked.CompareExchange(ref _state, next, current);
            if (ReferenceEquals(seen, current))
            {
                return;
            }

            current = seen;
        }
    }
}
