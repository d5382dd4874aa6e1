using System.Collections.Concurrent;
using Trinity.AiBridge.Authentication;
using Trinity.AiBridge.Providers;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Limits;

/// <summary>Step 3 of the request path: may this caller start another request now? Rate and concurrency are per replica, budgets over all.</summary>
/// <remarks>One <see cref="Allowance"/> per virtual key with limits; its numbers are read and written under its own lock, which is a leaf.</remarks>
internal sealed class CallerLimiter(TokenBudgets budgets, TimeProvider time)
{
    private readonly ConcurrentDictionary<Guid, Allowance> _allowances = new();

    /// <summary>Null with an error when the caller must wait; otherwise an admission to dispose when the request ends.</summary>
    public Admission? TryAdmit(Caller caller, out BridgeError? error)
    {
        var limits = caller.Key.Limits;
        error = null;
        if (limits == VirtualKeyLimits.None)
        {
            return Admission.Unlimited;
        }

        if (limits.TokensPerDay is { } perDay && budgets.SpentToday(caller.Key.Id) >= perDay)
        {
            error = new BridgeError(StatusCodes.Status429TooManyRequests, "budget_exhausted", $"The virtual key's budget of {perDay} tokens per day is used up; it starts anew at 00:00 UTC.", budgets.UntilReset());
            return null;
        }

        var allowance = _allowances.GetOrAdd(caller.Key.Id, static _ => new Allowance());
        return allowance.TryTake(limits, time, out error) ? new Admission(allowance) : null;
    }

    /// <summary>Forgets keys that are gone.</summary>
    public void Keep(IReadOnlySet<Guid> virtualKeyIds)
    {
        foreach (var id in _allowances.Keys)
        {
            if (!virtualKeyIds.Contains(id))
            {
                _allowances.TryRemove(id, out _);
            }
        }
    }
}

/// <summary>A started request's place in its caller's limits.</summary>
internal sealed class Admission(Allowance? allowance) : IDisposable
{
    public static readonly Admission Unlimited = new(null);

    private Allowance? _held = allowance;

    public void Dispose() => Interlocked.Exchange(ref _held, null)?.Return();
}

/// <summary>What one virtual key has used of its limits: a token bucket of one minute's requests, and the requests in flight.</summary>
internal sealed class Allowance
{
    private readonly Lock _gate = new();
    private double _tokens = double.MaxValue; // full; cut to the bucket's size at first use
    private long _filledAt;
    private int _inFlight;

    public bool TryTake(VirtualKeyLimits limits, TimeProvider time, out BridgeError? error)
    {
        lock (_gate)
        {
            error = null;
            if (limits.MaxConcurrent is { } most && _inFlight >= most)
            {
                error = new BridgeError(StatusCodes.Status429TooManyRequests, "concurrency_limited", $"The virtual key has {most} requests in flight, which is its limit.", TimeSpan.FromSeconds(1));
                return false;
            }

            if (limits.RequestsPerMinute is { } perMinute && !TryTakeToken(perMinute, time, out var wait))
            {
                error = new BridgeError(StatusCodes.Status429TooManyRequests, "rate_limited", $"The virtual key is limited to {perMinute} requests per minute.", wait);
                return false;
            }

            _inFlight++;
            return true;
        }
    }

    public void Return()
    {
        lock (_gate)
        {
            _inFlight--;
        }
    }

    private bool TryTakeToken(int perMinute, TimeProvider time, out TimeSpan wait)
    {
        var now = time.GetTimestamp();
        var perSecond = perMinute / 60d;
        var gained = _tokens == double.MaxValue ? 0 : time.GetElapsedTime(_filledAt, now).TotalSeconds * perSecond;
        _tokens = Math.Min(perMinute, _tokens + gained);
        _filledAt = now;
        wait = TimeSpan.FromSeconds(Math.Max(0, 1 - _tokens) / perSecond);
        if (_tokens < 1)
        {
            return false;
        }

        _tokens--;
        return true;
    }
}
