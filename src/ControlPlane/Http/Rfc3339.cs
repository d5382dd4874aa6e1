using System.Globalization;

namespace Trinity.ControlPlane.Http;

/// <summary>Times as the API takes them.</summary>
internal static class Rfc3339
{
    private static readonly string[] Formats = ["yyyy-MM-dd'T'HH:mm:ssK", "yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK"];

    /// <summary>Reads a date and time with <c>Z</c> or a numeric offset, as UTC.</summary>
    public static bool TryParse(string text, out DateTimeOffset time)
    {
        var hasOffset = text.EndsWith('Z') || (text.Length > 6 && text[^3] == ':' && text[^6] is '+' or '-');
        var parsed = DateTimeOffset.TryParseExact(text, Formats, CultureInfo.InvariantCulture, DateTimeStyles.AdjustToUniversal, out time);
        return parsed && hasOffset;
    }

    /// <summary>The same, and also a plain date, which means its first moment in UTC.</summary>
    public static bool TryParseTimeOrDate(string text, out DateTimeOffset time) =>
        TryParse(text, out time)
        || DateTimeOffset.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
}
