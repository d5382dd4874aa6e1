using System.Globalization;
using System.Net.Http.Headers;

namespace Trinity.Shared.Limits;

/// <summary>Reads what replies say of limits. Only numbers and plain words are taken: what is read is stored and shown.</summary>
internal static class LimitHeaders
{
    private const NumberStyles Plain = NumberStyles.AllowDecimalPoint | NumberStyles.AllowExponent; // no sign: nothing here is negative
    private const int MaxWordLength = 32;
    private const double MaxFraction = 1000;
    private const double MaxAmount = 1e12;
    private const long MaxCount = 1_000_000_000_000_000;
    private const long MaxSeconds = 253402300799; // the year 9999
    private static readonly double MaxDelaySeconds = TimeSpan.FromDays(366).TotalSeconds;

    /// <summary>Whether the reply has one of them; the look at a reply without costs no more than this.</summary>
    public static bool HasAny(this HttpResponseHeaders headers, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (headers.NonValidated.Contains(name))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>A short word of small letters, digits and underscores.</summary>
    public static string? Word(this HttpResponseHeaders headers, string name) =>
        headers.Text(name) is { Length: > 0 and <= MaxWordLength } word && word.All(character => character is '_' or (>= 'a' and <= 'z') or (>= '0' and <= '9')) ? word : null;

    public static double? Fraction(this HttpResponseHeaders headers, string name) => headers.Number(name, MaxFraction);

    /// <summary>A share in percent, as a fraction.</summary>
    public static double? Percent(this HttpResponseHeaders headers, string name) => headers.Number(name, MaxFraction * 100) / 100;

    /// <summary>A sum of money or the like.</summary>
    public static double? Amount(this HttpResponseHeaders headers, string name) => headers.Number(name, MaxAmount);

    /// <summary>How many.</summary>
    public static long? Count(this HttpResponseHeaders headers, string name) =>
        long.TryParse(headers.Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count <= MaxCount ? count : null;

    public static bool? Flag(this HttpResponseHeaders headers, string name) => headers.Text(name)?.ToUpperInvariant() switch
    {
        "TRUE" or "1" => true,
        "FALSE" or "0" => false,
        _ => null,
    };

    /// <summary>A time in seconds since 1970.</summary>
    public static DateTimeOffset? Instant(this HttpResponseHeaders headers, string name) =>
        long.TryParse(headers.Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= MaxSeconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    /// <summary>A time as RFC 3339 writes it.</summary>
    public static DateTimeOffset? Time(this HttpResponseHeaders headers, string name) =>
        DateTimeOffset.TryParseExact(
            headers.Text(name), "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var time)
        && time > DateTimeOffset.UnixEpoch ? time : null;

    /// <summary>The time that is so many seconds away.</summary>
    public static DateTimeOffset? AfterSeconds(this HttpResponseHeaders headers, string name, DateTimeOffset now) => now + ToDelay(headers.Number(name, MaxDelaySeconds));

    /// <summary>The time that is so far away, written like <c>6m0s</c> or <c>120ms</c>.</summary>
    public static DateTimeOffset? After(this HttpResponseHeaders headers, string name, DateTimeOffset now) => now + ToDelay(LimitDuration.Seconds(headers.Text(name)));

    /// <summary>The header's only value; null when there is none, or more than one.</summary>
    public static string? Text(this HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) && values.Count == 1 ? values.ToString() : null;

    private static double? Number(this HttpResponseHeaders headers, string name, double max) =>
        double.TryParse(headers.Text(name), Plain, CultureInfo.InvariantCulture, out var number) && number >= 0 && number <= max ? number : null;

    private static TimeSpan? ToDelay(double? seconds) => seconds <= MaxDelaySeconds ? TimeSpan.FromSeconds(seconds.Value) : null;
}
