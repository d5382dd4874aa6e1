namespace Trinity.TestSupport.Providers;

/// <summary>Holds a reply back until the test lets it go on, one step (head or frame) per release.</summary>
/// <remarks>Any thread may release; each step that passes consumes one release, unless the gate was opened for good.</remarks>
public sealed class FakeGate
{
    private readonly StateSignal _signal = new();
    private readonly Lock _lock = new();
    private int _released;
    private int _arrived;
    private int _passed;
    private int _written;
    private bool _open;

    /// <summary>How many steps have come to the gate, passed or not.</summary>
    public int Arrived => Volatile.Read(ref _arrived);

    /// <summary>How many steps are done: their bytes are handed to the transport.</summary>
    public int Written => Volatile.Read(ref _written);

    /// <summary>Lets the next steps pass.</summary>
    public void Release(int steps = 1)
    {
        lock (_lock)
        {
            _released += steps;
        }

        _signal.Changed();
    }

    /// <summary>Lets every step pass from now on.</summary>
    public void Open()
    {
        lock (_lock)
        {
            _open = true;
        }

        _signal.Changed();
    }

    /// <summary>Waits until a step stands at the gate that has not been released.</summary>
    public Task WhenBlockedAsync(CancellationToken cancellationToken = default) =>
        _signal.WaitAsync(IsBlocked, () => "a reply should have come to a closed gate.", cancellationToken);

    /// <summary>Waits until so many steps are written.</summary>
    public Task WhenWrittenAsync(int steps, CancellationToken cancellationToken = default) =>
        _signal.WaitAsync(() => Written >= steps, () => $"{steps} steps should have been written, {Written} were.", cancellationToken);

    internal async Task PassAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _arrived);
        _signal.Changed();
        await _signal.WaitWithoutLimitAsync(TryPass, cancellationToken);
    }

    internal void MarkWritten()
    {
        Interlocked.Increment(ref _written);
        _signal.Changed();
    }

    private bool IsBlocked()
    {
        lock (_lock)
        {
            return !_open && _arrived > _passed && _passed >= _released;
        }
    }

    private bool TryPass()
    {
        lock (_lock)
        {
            if (!_open && _passed >= _released)
            {
                return false;
            }

            _passed++;
            return true;
        }
    }
}
