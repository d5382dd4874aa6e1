using Microsoft.Extensions.Logging;
using Trinity.ControlPlane.Containers;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>What a container's program has written: here, what its agent server logs.</summary>
/// <remarks>Any thread writes; <c>_lock</c> guards the lines.</remarks>
internal sealed class ContainerLog : ILoggerProvider
{
    private readonly Lock _lock = new();
    private readonly List<LogLine> _lines = [];
    private readonly StateSignal _signal = new();
    private bool _isEnded;

    public IReadOnlyList<LogLine> Lines
    {
        get
        {
            lock (_lock)
            {
                return [.. _lines];
            }
        }
    }

    public string Text => string.Join('\n', Lines.Select(line => line.Text));

    public void Write(LogLine line)
    {
        lock (_lock)
        {
            _lines.Add(line);
        }

        _signal.Changed();
    }

    /// <summary>Ends the waiting of those that follow; begun anew when the container is started again.</summary>
    public void SetEnded(bool isEnded)
    {
        lock (_lock)
        {
            _isEnded = isEnded;
        }

        _signal.Changed();
    }

    /// <summary>Waits for lines beyond so many; none: the container has ended.</summary>
    public async Task<IReadOnlyList<LogLine>> WaitBeyondAsync(int count, CancellationToken cancellationToken)
    {
        await _signal.WaitWithoutLimitAsync(() => IsEndedOrLonger(count), cancellationToken);
        return [.. Lines.Skip(count)];
    }

    public ILogger CreateLogger(string categoryName) => new Logger(this);

    public void Dispose()
    {
        // The lines outlive the program that wrote them.
    }

    private bool IsEndedOrLonger(int count)
    {
        lock (_lock)
        {
            return _isEnded || _lines.Count > count;
        }
    }

    private sealed class Logger(ContainerLog log) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            log.Write(new LogLine(logLevel >= LogLevel.Error, $"{logLevel} [{eventId.Id}] {formatter(state, exception)} {exception}".TrimEnd()));
    }
}
