using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.Tests.Recording;

/// <summary>A store of limits that can be away, or slow.</summary>
/// <remarks><c>_lock</c> guards the fields; the shipper writes, tests set up and read.</remarks>
internal sealed class ScriptedLimitsStore : ILimitsStore
{
    private readonly Lock _lock = new();
    private readonly StateSignal _signal = new();
    private readonly List<IReadOnlyList<(string Credential, double Seconds)>> _batches = [];
    private TaskCompletionSource? _held;
    private int _refusals;
    private int _begun;

    /// <summary>Credentials and times, in seconds from the beginning, of every batch that was taken.</summary>
    public IReadOnlyList<IReadOnlyList<(string Credential, double Seconds)>> Batches
    {
        get
        {
            lock (_lock)
            {
                return [.. _batches];
            }
        }
    }

    /// <summary>Writes that were begun.</summary>
    public int Begun
    {
        get
        {
            lock (_lock)
            {
                return _begun;
            }
        }
    }

    /// <summary>The next so many writes fail.</summary>
    public void Refuse(int times)
    {
        lock (_lock)
        {
            _refusals = times;
        }
    }

    /// <summary>The next write waits for this.</summary>
    public TaskCompletionSource HoldNext()
    {
        lock (_lock)
        {
            return _held = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public Task WhenBegunAsync(int writes) => _signal.WaitAsync(() => Begun >= writes, () => $"{writes} writes should have been begun, {Begun} were.", Timeouts.Token);

    public Task WhenWrittenAsync(int batches) => _signal.WaitAsync(() => Batches.Count >= batches, () => $"{batches} batches should have been written, {Batches.Count} were.", Timeouts.Token);

    public async Task WriteAsync(IReadOnlyList<ObservedLimits> batch, CancellationToken cancellationToken)
    {
        TaskCompletionSource? held;
        bool refused;
        lock (_lock)
        {
            _begun++;
            (held, _held) = (_held, null);
            refused = _refusals-- > 0;
        }

        _signal.Changed();
        if (held is not null)
        {
            await held.Task.WaitAsync(cancellationToken);
        }

        if (refused)
        {
            throw new IOException("away");
        }

        lock (_lock)
        {
            _batches.Add([.. batch.Select(observed => (observed.Credential, (observed.ObservedAt - LimitsBench.Of("x").ObservedAt).TotalSeconds))]);
        }

        _signal.Changed();
    }
}
