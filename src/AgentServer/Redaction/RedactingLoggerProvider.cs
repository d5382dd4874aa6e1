namespace Trinity.AgentServer.Redaction;

/// <summary>Stands before a log provider, so that no line of ours or of a library has a secret in it.</summary>
internal sealed class RedactingLoggerProvider(ILoggerProvider inner, Redactor redactor) : ILoggerProvider, ISupportExternalScope
{
    /// <summary>Puts itself before every provider that is registered so far.</summary>
    public static void Decorate(IServiceCollection services)
    {
        for (var i = 0; i < services.Count; i++)
        {
            if (services[i] is { IsKeyedService: false } provider && provider.ServiceType == typeof(ILoggerProvider))
            {
                services[i] = ServiceDescriptor.Singleton<ILoggerProvider>(all => new RedactingLoggerProvider(Create(all, provider), all.GetRequiredService<Redactor>()));
            }
        }
    }

    public ILogger CreateLogger(string categoryName) => new RedactingLogger(inner.CreateLogger(categoryName), redactor);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => (inner as ISupportExternalScope)?.SetScopeProvider(scopeProvider);

    public void Dispose() => inner.Dispose();

    private static ILoggerProvider Create(IServiceProvider all, ServiceDescriptor descriptor) =>
        (ILoggerProvider)(descriptor.ImplementationInstance ?? descriptor.ImplementationFactory?.Invoke(all) ?? ActivatorUtilities.CreateInstance(all, descriptor.ImplementationType!));

    private sealed class RedactingLogger(ILogger logger, Redactor redactor) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => logger.BeginScope(state);

        public bool IsEnabled(LogLevel logLevel) => logger.IsEnabled(logLevel);

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = formatter(state, exception);
            var redacted = redactor.Redact(line);
            var trouble = exception?.ToString();
            var redactedTrouble = trouble is null ? null : redactor.Redact(trouble);
            if (ReferenceEquals(line, redacted) && ReferenceEquals(trouble, redactedTrouble))
            {
                logger.Log(logLevel, eventId, state, exception, formatter); // with its values, for structured logs
            }
            else
            {
                var text = redactedTrouble is null ? redacted : redacted + Environment.NewLine + redactedTrouble;
                logger.Log(logLevel, eventId, text, exception: null, static (masked, _) => masked);
            }
        }
    }
}
