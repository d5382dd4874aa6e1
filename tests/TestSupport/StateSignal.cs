namespace Trinity.TestSupport;

/// <summary>Lets a test wait until a condition over some state holds, woken by every change and never by polling.</summary>
/// <remarks>The owner changes its state first and calls <see cref="Changed"/> after; any thread may do either.</remarks>
public sealed class StateSignal
{
    private TaskCompletionSource _changed = New();

    public void Changed() => Interlocked.Exchange(ref _changed, New()).TrySetResult();

    public async Task WaitAsync(Func<bool> condition, Func<string> describe, CancellationToken cancellationToken)
    {
        var deadline = Timeouts.Token;
        using var linked = CancellationTokenSource.CreateLinkedTokenSource(deadline, cancellationToken);
        try
        {
            await WaitWithoutLimitAsync(condition, linked.Token);
        }
        catch (OperationCanceledException exception) when (deadline.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"Waited {Timeouts.Default.TotalSeconds:0} s in vain: {describe()}", exception);
        }
    }

    public async Task WaitWithoutLimitAsync(Func<bool> condition, CancellationToken cancellationToken)
    {
        while (true)
        {
            var changed = Volatile.Read(ref _changed).Task; // taken before the look, so that no change is missed
            if (condition())
            {
                return;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
