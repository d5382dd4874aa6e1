namespace Trinity.Shared.Configuration;

/// <summary>When a bridge stops asking a provider that does not serve, and when it asks again. It counts per endpoint and model.</summary>
public sealed record CircuitBreakerSettings
{
    public const int MaxCount = 1000;

    public static CircuitBreakerSettings Default { get; } = new() { FailureThreshold = 5, IntervalSeconds = 10, TimeoutSeconds = 30, MaxRequests = 3 };

    /// <summary>Failures in a row that open the circuit.</summary>
    public required int FailureThreshold { get; init; }

    /// <summary>In which they must happen, in seconds.</summary>
    public required int IntervalSeconds { get; init; }

    /// <summary>How long an open circuit lets nothing through, in seconds.</summary>
    public required int TimeoutSeconds { get; init; }

    /// <summary>Requests that then try whether the provider serves again; so many successes close the circuit.</summary>
    public required int MaxRequests { get; init; }
}
