namespace Trinity.Bench.Demo;

/// <summary>What must not happen and did. The first one ends the demo; what breaks off because of that is none.</summary>
/// <remarks>Any thread adds; <c>_gate</c> guards the list and is a leaf.</remarks>
internal sealed class Failures : IDisposable
{
    private readonly Lock _gate = new();
    private readonly List<string> _all = [];
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Fires with the first failure.</summary>
    public CancellationToken Stop => _stop.Token;

    public IReadOnlyList<string> All
    {
        get
        {
            lock (_gate)
            {
                return [.. _all];
            }
        }
    }

    public void Add(string failure)
    {
        lock (_gate)
        {
            _all.Add(failure);
        }

        _stop.Cancel();
    }

    /// <summary>Runs work whose exceptions are failures, unless it was stopped; says how it ended.</summary>
    public async Task<Ending> GuardAsync(string what, Func<Task> work, CancellationToken stop)
    {
        try
        {
            await work();
            return Ending.Whole;
        }
        catch (Exception) when (stop.IsCancellationRequested)
        {
            return Ending.Stopped;
        }
        catch (Exception exception)
        {
            Add($"{what} failed: {exception.Message}");
            return Ending.Failed;
        }
    }

    public void Dispose() => _stop.Dispose();
}

/// <summary>How a piece of guarded work ended.</summary>
internal enum Ending
{
    Whole,
    Failed,

    /// <summary>It was given up because the demo ended.</summary>
    Stopped,
}
