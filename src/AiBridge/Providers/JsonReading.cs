using System.Text.Json;

namespace Trinity.AiBridge.Providers;

/// <summary>Lenient reading of provider JSON: what is absent or of another type is simply not there.</summary>
internal static class JsonReading
{
    private const long MaxCount = 1_000_000_000_000; // sums of counts stay far from overflow

    /// <summary>Parses, or answers null for what is no JSON object; observation must survive anything.</summary>
    public static JsonDocument? TryParseObject(ReadOnlyMemory<byte> json)
    {
        try
        {
            var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null; // the bytes go to the client as they are; their usage is unknown
        }
    }

    /// <summary>The same for the span of one event.</summary>
    public static JsonDocument? TryParseObject(ReadOnlySpan<byte> json)
    {
        var reader = new Utf8JsonReader(json);
        try
        {
            var document = JsonDocument.ParseValue(ref reader);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                return document;
            }

            document.Dispose();
            return null;
        }
        catch (JsonException)
        {
            return null; // as above
        }
    }

    public static JsonElement? Object(this JsonElement parent, string name) => Find(parent, name, JsonValueKind.Object);

    public static JsonElement? Array(this JsonElement parent, string name) => Find(parent, name, JsonValueKind.Array);

    public static string? String(this JsonElement parent, string name) => Find(parent, name, JsonValueKind.String) is { } child ? Text(child, static text => text.GetString()) : null;

    /// <summary>Whether the member is this very text; unlike <see cref="String"/> it makes no copy.</summary>
    public static bool Is(this JsonElement parent, string name, ReadOnlySpan<byte> text)
    {
        try
        {
            return Find(parent, name, JsonValueKind.String) is { } child && child.ValueEquals(text);
        }
        catch (InvalidOperationException)
        {
            return false; // broken UTF-8 or half a surrogate pair: no text
        }
    }

    /// <summary>The JSON as it was written.</summary>
    public static string? RawText(this JsonElement element) => Text(element, static json => json.GetRawText());

    /// <summary>A number of tokens; what cannot be one is not there.</summary>
    public static long? Count(this JsonElement parent, string name) => parent.Long(name) is { } value and >= 0 and <= MaxCount ? value : null;

    public static long? Long(this JsonElement parent, string name) =>
        Find(parent, name, JsonValueKind.Number) is { } child && child.TryGetInt64(out var value) ? value : null;

    private static JsonElement? Find(JsonElement parent, string name, JsonValueKind kind)
    {
        try
        {
            return parent.TryGetProperty(name, out var child) && child.ValueKind == kind ? child : null;
        }
        catch (InvalidOperationException)
        {
            return null; // on the way it met a member whose name is no text: half a surrogate pair
        }
    }

    private static string? Text(JsonElement element, Func<JsonElement, string?> read)
    {
        try
        {
            return read(element);
        }
        catch (InvalidOperationException)
        {
            return null; // broken UTF-8 or half a surrogate pair: no text
        }
    }
}
