using Microsoft.Extensions.Logging;

namespace Trinity.AiBridge.FunctionalTests.Reload;

/// <summary>Holds the thread that logs a certain event for the first time, which holds open whatever window that thread is in.</summary>
internal sealed class LogGate(int eventId) : ILoggerProvider
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _open = new();
    private int _held;

    /// <summary>Completes when the thread is held.</summary>
    public Task Reached => _reached.Task.WaitAsync(Timeouts.Token);

    public void Open() => _open.Set();

    public ILogger CreateLogger(string categoryName) => new GatedLogger(this);

    public void Dispose() => _open.Set();

    private void Pass(EventId id)
    {
        if (id.Id == eventId && Interlocked.Exchange(ref _held, 1) == 0)
        {
            _reached.SetResult();
            _open.Wait(Timeouts.After(Timeouts.Default));
        }
    }

    private sealed class GatedLogger(LogGate gate) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) => gate.Pass(eventId);
    }
}
