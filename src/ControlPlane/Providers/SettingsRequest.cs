using Trinity.ControlPlane.Http;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Providers;

/// <summary>A provider's <c>settings</c> in a body: omitted members stay, null members go back to their default.</summary>
internal sealed class SettingsRequest
{
    /// <summary>Headers to set by name; a null value removes that header, null for all of it removes every header. Others stay.</summary>
    public Optional<IReadOnlyDictionary<string, string?>?> ExtraHeaders { get; init; }

    public Optional<bool?> IncludeUsage { get; init; }

    public Optional<int?> FirstByteTimeoutSeconds { get; init; }

    public Optional<int?> IdleTimeoutSeconds { get; init; }

    /// <summary>The whole of it: members that are omitted or null have their default.</summary>
    public Optional<CircuitBreakerSettings?> CircuitBreaker { get; init; }

    public static SettingsRequest Read(JsonFields fields)
    {
        var request = new SettingsRequest
        {
            ExtraHeaders = ReadHeaders(fields),
            IncludeUsage = fields.Flag("include_usage"),
            FirstByteTimeoutSeconds = ReadInt(fields, "first_byte_timeout_seconds"),
            IdleTimeoutSeconds = ReadInt(fields, "idle_timeout_seconds"),
            CircuitBreaker = ReadCircuitBreaker(fields),
        };
        fields.RejectUnknown();
        return request;
    }

    /// <summary>The settings that result from applying this to <paramref name="current"/>.</summary>
    public ProviderSettings ApplyTo(ProviderSettings current) => new()
    {
        ExtraHeaders = ApplyHeaders(current.ExtraHeaders),
        IncludeUsage = IncludeUsage.Or(current.IncludeUsage),
        FirstByteTimeoutSeconds = FirstByteTimeoutSeconds.Or(current.FirstByteTimeoutSeconds),
        IdleTimeoutSeconds = IdleTimeoutSeconds.Or(current.IdleTimeoutSeconds),
        CircuitBreaker = CircuitBreaker.Or(current.CircuitBreaker),
    };

    private Dictionary<string, string> ApplyHeaders(IReadOnlyDictionary<string, string> current)
    {
        var clear = ExtraHeaders is { IsPresent: true, Value: null };
        var headers = new Dictionary<string, string>(clear ? [] : current, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in ExtraHeaders.Value ?? new Dictionary<string, string?>(StringComparer.Ordinal))
        {
            headers.Remove(name);
            if (value is not null)
            {
                headers[name] = value;
            }
        }

        return headers;
    }

    private static Optional<IReadOnlyDictionary<string, string?>?> ReadHeaders(JsonFields fields)
    {
        var entries = fields.Object("extra_headers");
        if (entries.Value is null)
        {
            return new(entries.IsPresent, null);
        }

        var headers = new Dictionary<string, string?>(StringComparer.OrdinalIgnoreCase);
        foreach (var (name, value) in entries.Value.Entries())
        {
            if (value.IsPresent && !headers.TryAdd(name, value.Value))
            {
                fields.Errors.Add(new(entries.Value.PathOf(name), "This header is given twice; header names ignore case."));
            }
        }

        return Optional.Of<IReadOnlyDictionary<string, string?>?>(headers);
    }

    private static Optional<CircuitBreakerSettings?> ReadCircuitBreaker(JsonFields fields)
    {
        var breaker = fields.Object("circuit_breaker");
        if (breaker.Value is not { } members)
        {
            return new(breaker.IsPresent, null);
        }

        var usual = CircuitBreakerSettings.Default;
        var settings = new CircuitBreakerSettings
        {
            FailureThreshold = ReadInt(members, "failure_threshold").Value ?? usual.FailureThreshold,
            IntervalSeconds = ReadInt(members, "interval_seconds").Value ?? usual.IntervalSeconds,
            TimeoutSeconds = ReadInt(members, "timeout_seconds").Value ?? usual.TimeoutSeconds,
            MaxRequests = ReadInt(members, "max_requests").Value ?? usual.MaxRequests,
        };
        members.RejectUnknown();
        return Optional.Of<CircuitBreakerSettings?>(settings);
    }

    private static Optional<int?> ReadInt(JsonFields fields, string name)
    {
        var number = fields.Number(name);
        return new(number.IsPresent, number.Value is { } value ? (int)Math.Clamp(value, int.MinValue, int.MaxValue) : null);
    }
}
