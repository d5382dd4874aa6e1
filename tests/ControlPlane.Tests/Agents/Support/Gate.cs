namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>Holds whoever comes to it until the test opens it, so that a race stays open for as long as the test looks at it.</summary>
internal sealed class Gate
{
    private readonly StateSignal _signal = new();
    private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _arrived;

    /// <summary>How many have come, held or not.</summary>
    public int Arrived => Volatile.Read(ref _arrived);

    /// <summary>Lets those that wait pass, and all that come later.</summary>
    public void Open() => _opened.TrySetResult();

    /// <summary>Waits until so many have come.</summary>
    public Task WhenReachedAsync(int times = 1) =>
        _signal.WaitAsync(() => Arrived >= times, () => $"{times} should have come to the gate, {Arrived} have.", CancellationToken.None);

    public async Task PassAsync(CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _arrived);
        _signal.Changed();
        await _opened.Task.WaitAsync(cancellationToken);
    }
}
