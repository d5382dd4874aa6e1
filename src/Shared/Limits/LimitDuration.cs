using System.Buffers;
using System.Globalization;

namespace Trinity.Shared.Limits;

/// <summary>Reads durations as OpenAI writes them: numbers with units, from the largest to the smallest, such as <c>1h2m3s</c>, <c>6m0s</c>, <c>7.66s</c>, <c>120ms</c>.</summary>
internal static class LimitDuration
{
    private static readonly SearchValues<char> Digits = SearchValues.Create("0123456789.");

    /// <returns>Null when the text is no duration.</returns>
    public static double? Seconds(ReadOnlySpan<char> text)
    {
        double? total = null;
        var last = double.PositiveInfinity;
        while (!text.IsEmpty)
        {
            if (text.IndexOfAnyExcept(Digits) is not (> 0 and var digits)
                || !double.TryParse(text[..digits], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number))
            {
                return null;
            }

            text = text[digits..];
            var letters = text.IndexOfAny(Digits) is > 0 and var next ? next : text.Length;
            if (SecondsOf(text[..letters]) is not { } unit || unit >= last)
            {
                return null;
            }

            total = (total ?? 0) + (number * unit);
            last = unit;
            text = text[letters..];
        }

        return total;
    }

    private static double? SecondsOf(ReadOnlySpan<char> unit) => unit switch
    {
        "d" => 24 * 60 * 60,
        "h" => 60 * 60,
        "m" => 60,
        "s" => 1,
        "ms" => 1e-3,
        "us" or "µs" => 1e-6,
        "ns" => 1e-9,
        _ => null,
    };
}
