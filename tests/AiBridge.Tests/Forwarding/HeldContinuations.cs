using System.Collections.Concurrent;

namespace Trinity.AiBridge.Tests.Forwarding;

/// <summary>Keeps what follows an await until it is told to run it.</summary>
internal sealed class HeldContinuations : SynchronizationContext, IDisposable
{
    private readonly BlockingCollection<Action> _held = [];

    public override void Post(SendOrPostCallback d, object? state) => _held.Add(() => d(state));

    public Task<int> Start(Func<Task<int>> work)
    {
        var before = Current;
        SetSynchronizationContext(this);
        try
        {
            return work();
        }
        finally
        {
            SetSynchronizationContext(before);
        }
    }

    public void RunUntil(Task end)
    {
        while (!end.IsCompleted)
        {
            _held.Take(Timeouts.Token)();
        }
    }

    public void Dispose() => _held.Dispose();
}
