using System.Globalization;
using System.Net.Http.Headers;

namespace Trinity.Shared.Limits;

/// <summary>Reads what replies say of limits. Only numbers and plain words are taken: what is read is stored and shown.</summary>
internal static class LimitHeaders
{
    private const int MaxWordLength = 32;
    private const double MaxFraction = 1000;
    private const long MaxSeconds = 253402300799; // the year 9999

    /// <summary>A short word of small letters, digits and underscores.</summary>
    public static string? Word(this HttpResponseHeaders headers, string name) =>
        headers.Text(name) is { Length: > 0 and <= MaxWordLength } word && word.All(character => character is '_' or (>= 'a' and <= 'z') or (>= '0' and <= '9')) ? word : null;

    public static double? Fraction(this HttpResponseHeaders headers, string name) =>
        double.TryParse(headers.Text(name), NumberStyles.Float, CultureInfo.InvariantCulture, out var fraction) && fraction is >= 0 and <= MaxFraction ? fraction : null;

    /// <summary>A time in seconds since 1970.</summary>
    public static DateTimeOffset? Instant(this HttpResponseHeaders headers, string name) =>
        long.TryParse(headers.Text(name), NumberStyles.None, CultureInfo.InvariantCulture, out var seconds) && seconds is > 0 and <= MaxSeconds ? DateTimeOffset.FromUnixTimeSeconds(seconds) : null;

    /// <summary>The header's only value; null when there is none, or more than one.</summary>
    public static string? Text(this HttpResponseHeaders headers, string name) =>
        headers.NonValidated.TryGetValues(name, out var values) && values.Count == 1 ? values.ToString() : null;
}
