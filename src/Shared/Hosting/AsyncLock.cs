using System.Diagnostics.CodeAnalysis;

namespace Trinity.Shared.Hosting;

/// <summary>Lets in one at a time: <c>using (await gate.EnterAsync(token))</c>. Nothing of it is disposed, so that whoever is still inside when its owner is disposed can leave as usual.</summary>
[SuppressMessage("Design", "CA1001", Justification = "A semaphore has something to free only once its wait handle was asked for; disposed, it would throw at the one that leaves.")]
public sealed class AsyncLock
{
    private readonly SemaphoreSlim _free = new(1);

    /// <summary>Waits for its turn. Dispose of the result, once, to leave.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellationToken"/> fired first: nobody entered.</exception>
    public async ValueTask<IDisposable> EnterAsync(CancellationToken cancellationToken)
    {
        await _free.WaitAsync(cancellationToken);
        return new Turn(_free);
    }

    private sealed class Turn(SemaphoreSlim free) : IDisposable
    {
        public void Dispose() => free.Release();
    }
}
