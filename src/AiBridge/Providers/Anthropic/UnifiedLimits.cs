using System.Globalization;
using System.Net.Http.Headers;
using Trinity.Shared.Limits;

namespace Trinity.AiBridge.Providers.Anthropic;

/// <summary>Reads the <c>anthropic-ratelimit-unified-*</c> headers, which tell of a subscription's limits. Only numbers and plain words are taken: what is read is stored.</summary>
internal static class UnifiedLimits
{
    private const string Prefix = "anthropic-ratelimit-unified-";
    private const int MaxWordLength = 32;
    private const double MaxUtilization = 1000;
    private const long MaxSeconds = 253402300799; // the year 9999

    /// <returns>Null when the reply has none of them.</returns>
    public static PlanLimits? Read(HttpResponseHeaders headers)
    {
        var limits = new PlanLimits
        {
            Status = Word(headers, "status"),
            Claim = Word(headers, "representative-claim"),
            ResetsAt = Instant(headers, "reset"),
            FiveHour = Window(headers, "5h"),
            SevenDay = Window(headers, "7d"),
        };
        return limits == new PlanLimits() ? null : limits;
    }

    private static PlanWindow? Window(HttpResponseHeaders headers, string name)
    {
        var window = new PlanWindow { Utilization = Fraction(headers, $"{name}-utilization"), ResetsAt = Instant(headers, $"{name}-reset"), Status = Word(headers, $"{name}-status") };
        return window == new PlanWindow() ? null : window;
    }

    private static string? Word(HttpResponseHeaders headers, string name) =>
        Value(headers, name) is { Length: > 0 and <= MaxWordLength } word && word.All(character => character is '_' or (>= 'a' and <= 'z') or (>= '0' and <= '9')) ? word : null;

    private static double? Fraction(HttpResponseHeaders headers, string name) =>
        double.TryParse(Value(headers, name), NumberStyles.Float, CultureInfo.InvariantCulture, out var fraction) && fraction is >= 0 and <= MaxUtilization ? fraction : null;

    private static DateTimeOffset? Instant(HttpResponseHeaders headers, string name) =>
        long.TryParse(Value(headers, name), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= MaxSeconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    private static string? Value(HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(Prefix + name, out var values) && values.Count == 1 ? values.ToString() : null;
}
