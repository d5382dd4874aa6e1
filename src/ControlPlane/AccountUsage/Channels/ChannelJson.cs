using System.Globalization;
using System.Text.Json;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>Reads others' JSON: what is missing, of another type or out of range is absent. Only numbers, times and plain words are taken, for what is read is stored and shown.</summary>
internal static class ChannelJson
{
    private const int MaxWordLength = 32;
    private const double MaxFraction = 1000;
    private const double MaxNumber = 1e15;
    private const double MaxSeconds = 253402300799; // the year 9999
    private const int SecondsInMinute = 60;

    public static JsonElement? Object(this JsonElement element, string name) =>
        element.Property(name) is { ValueKind: JsonValueKind.Object } value ? value : null;

    public static string? Text(this JsonElement element, string name) =>
        element.Property(name) is { ValueKind: JsonValueKind.String } value ? value.GetString() : null;

    public static bool? Bool(this JsonElement element, string name) =>
        element.Property(name)?.ValueKind switch { JsonValueKind.True => true, JsonValueKind.False => false, _ => null };

    /// <summary>A short word of small letters, digits and underscores.</summary>
    public static string? Word(this JsonElement element, string name) =>
        element.Text(name) is { Length: > 0 and <= MaxWordLength } word && word.All(character => character is '_' || char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character)) ? word : null;

    /// <summary>A number that is not negative.</summary>
    public static double? Number(this JsonElement element, string name) =>
        element.Property(name) is { ValueKind: JsonValueKind.Number } value && value.TryGetDouble(out var number) ? InRange(number) : null;

    /// <summary>The same, where it may also be written as text.</summary>
    public static double? NumberOrText(this JsonElement element, string name) =>
        element.Number(name) ?? (double.TryParse(element.Text(name), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) ? InRange(number) : null);

    /// <summary>A percentage, as a fraction; there may be more than all.</summary>
    public static double? Percent(this JsonElement element, string name) => Fraction(element.Number(name) / 100);

    /// <summary>How far something is used up; null where that is no sensible number.</summary>
    public static double? Fraction(double? value) => value is >= 0 and <= MaxFraction ? value : null;

    /// <summary>A time in seconds since 1970.</summary>
    public static DateTimeOffset? UnixSeconds(this JsonElement element, string name) =>
        element.Number(name) is { } seconds and >= 1 and <= MaxSeconds ? DateTimeOffset.FromUnixTimeSeconds((long)seconds) : null;

    /// <summary>A time in milliseconds since 1970.</summary>
    public static DateTimeOffset? UnixMilliseconds(this JsonElement element, string name) =>
        element.Number(name) is { } milliseconds and >= 1 and <= MaxSeconds * 1000 ? DateTimeOffset.FromUnixTimeMilliseconds((long)milliseconds) : null;

    /// <summary>A time as ISO 8601 writes it, after 1970.</summary>
    public static DateTimeOffset? Instant(this JsonElement element, string name) =>
        element.Property(name) is { ValueKind: JsonValueKind.String } value && value.TryGetDateTimeOffset(out var instant) && instant > DateTimeOffset.UnixEpoch ? instant.ToUniversalTime() : null;

    /// <summary>A length in seconds, as whole minutes.</summary>
    public static int? Minutes(this JsonElement element, string name) =>
        element.Number(name) / SecondsInMinute is { } minutes and >= 1 and <= int.MaxValue ? (int)minutes : null;

    /// <summary>The window, when anything is known of it but its name.</summary>
    public static IEnumerable<PlanWindow> WhenTold(this PlanWindow window) => window == new PlanWindow { Name = window.Name } ? [] : [window];

    private static JsonElement? Property(this JsonElement element, string name) =>
        element.ValueKind == JsonValueKind.Object && element.TryGetProperty(name, out var value) ? value : null;

    private static double? InRange(double number) => number is >= 0 and <= MaxNumber ? number : null;
}
