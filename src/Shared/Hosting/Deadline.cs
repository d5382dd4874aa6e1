namespace Trinity.Shared.Hosting;

/// <summary>A token that fires after a time, or with another token. Unlike a <see cref="CancellationTokenSource"/> with a timer of its own, it cannot end the process.</summary>
/// <remarks>What a listener of the token throws, as Npgsql's may (<see cref="SteadyBackgroundService"/>), a source's own timer throws on a thread where nobody catches it. Here it is dropped: what was to be cancelled ends, or fails, by itself.</remarks>
public sealed class Deadline : IDisposable
{
    private readonly CancellationTokenSource _source = new();
    private readonly ITimer _timer;
    private readonly CancellationTokenRegistration _earlier;

    /// <summary>Starts at once.</summary>
    /// <param name="after">How long until it fires.</param>
    /// <param name="time">The clock.</param>
    /// <param name="earlier">Fires it before that.</param>
    public Deadline(TimeSpan after, TimeProvider time, CancellationToken earlier = default)
    {
        _timer = time.CreateTimer(Fire, _source, after, Timeout.InfiniteTimeSpan);
        _earlier = earlier.UnsafeRegister(Fire, _source);
    }

    /// <summary>For what must end by then.</summary>
    public CancellationToken Token => _source.Token;

    /// <summary>It fires no more.</summary>
    public void Dispose()
    {
        _earlier.Dispose();
        _timer.Dispose();
        _source.Dispose();
    }

    private static void Fire(object? source)
    {
        try
        {
            ((CancellationTokenSource)source!).Cancel();
        }
        catch (AggregateException)
        {
            // A listener's; the others have been told.
        }
        catch (ObjectDisposedException)
        {
            // The timer fired while the deadline was disposed of: nobody waits for it any more.
        }
    }
}
