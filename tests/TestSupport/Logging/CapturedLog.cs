using Microsoft.Extensions.Logging;

namespace Trinity.TestSupport.Logging;

/// <summary>One log line as it was written, with its state for those who look for a value.</summary>
public sealed record CapturedLog(
    LogLevel Level,
    string Category,
    EventId EventId,
    string Message,
    Exception? Exception,
    IReadOnlyList<KeyValuePair<string, object?>> Values,
    IReadOnlyList<string> Scopes)
{
    /// <summary>All of it as one text; what a search for secrets must look through.</summary>
    public override string ToString() =>
        $"{Level} {Category}[{EventId.Id} {EventId.Name}] {Message}"
        + string.Concat(Values.Select(value => $" {value.Key}={value.Value}"))
        + string.Concat(Scopes.Select(scope => $" => {scope}"))
        + (Exception is null ? "" : $"{Environment.NewLine}{Exception}");
}
