using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Trinity.TestSupport.Logging;

/// <summary>Keeps every log line for assertions and shows it in the test's output: <c>logging.AddProvider(logs)</c>.</summary>
public sealed class CapturedLogs : ILoggerProvider, ISupportExternalScope
{
    private readonly ConcurrentQueue<CapturedLog> _logs = [];
    private readonly StateSignal _signal = new();
    private readonly ITestOutputHelper? _output = TestContext.Current.TestOutputHelper; // server threads have no test context of their own
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();

    /// <summary>Everything so far, in order.</summary>
    public IReadOnlyList<CapturedLog> All => [.. _logs];

    /// <summary>Everything so far as one text.</summary>
    public string Text => string.Join(Environment.NewLine, _logs);

    /// <summary>The lines of one event.</summary>
    public IReadOnlyList<CapturedLog> Of(int eventId) => [.. _logs.Where(log => log.EventId.Id == eventId)];

    /// <summary>Waits for a line, past or future.</summary>
    public async Task<CapturedLog> WhenLoggedAsync(Func<CapturedLog, bool> condition, CancellationToken cancellationToken = default)
    {
        CapturedLog? found = null;
        await _signal.WaitAsync(
            () => (found = _logs.FirstOrDefault(condition)) is not null,
            () => $"a certain line should have been logged; there were:{Environment.NewLine}{Text}",
            cancellationToken);
        return found!;
    }

    /// <summary>Waits for an event, past or future.</summary>
    public Task<CapturedLog> WhenLoggedAsync(int eventId, CancellationToken cancellationToken = default) =>
        WhenLoggedAsync(log => log.EventId.Id == eventId, cancellationToken);

    public ILogger CreateLogger(string categoryName) => new CapturingLogger(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    public void Dispose()
    {
        // What was captured stays readable after the host is gone.
    }

    private void Add(CapturedLog log)
    {
        _logs.Enqueue(log);
        _signal.Changed();
        try
        {
            (TestContext.Current.TestOutputHelper ?? _output)?.WriteLine(log.ToString());
        }
        catch (InvalidOperationException)
        {
            // The test has ended while a server thread still logs; the line is kept above.
        }
    }

    private sealed class CapturingLogger(CapturedLogs logs, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logs._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            List<string> scopes = [];
            logs._scopes.ForEachScope(static (scope, list) => list.Add(scope?.ToString() ?? ""), scopes);
            var values = state as IEnumerable<KeyValuePair<string, object?>> ?? [];
            logs.Add(new CapturedLog(logLevel, category, eventId, formatter(state, exception), exception, [.. values], scopes));
        }
    }
}
