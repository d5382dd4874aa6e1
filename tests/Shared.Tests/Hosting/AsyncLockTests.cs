using Trinity.Shared.Hosting;

namespace Trinity.Shared.Tests.Hosting;

public sealed class AsyncLockTests
{
    private readonly AsyncLock _gate = new();

    [Fact]
    public async Task Second_WaitsUntilTheFirstHasLeft()
    {
        var first = await _gate.EnterAsync(Timeouts.Token);
        var second = _gate.EnterAsync(Timeouts.Token).AsTask();
        Assert.False(second.IsCompleted);

        first.Dispose();

        (await second).Dispose();
    }

    [Fact]
    public async Task Waiting_Cancelled_TakesNobodysTurn()
    {
        using var cancelled = new CancellationTokenSource();
        var first = await _gate.EnterAsync(Timeouts.Token);
        var waiting = _gate.EnterAsync(cancelled.Token).AsTask();

        await cancelled.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
        first.Dispose();
        (await _gate.EnterAsync(Timeouts.Token)).Dispose();
    }
}
