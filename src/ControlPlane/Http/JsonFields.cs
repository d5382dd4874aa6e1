using System.Globalization;
using System.Text.Json;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Http;

/// <summary>Reads a JSON object member by member and collects everything wrong with its shape, each error under the member's path.</summary>
/// <remarks>A member of the wrong type is reported and then reads as omitted. Call <see cref="RejectUnknown"/> after the last read.</remarks>
internal sealed class JsonFields(JsonElement element, string path, List<ConfigError> errors)
{
    public const int MaxTextLength = 256;
    private const int MaxQuotedName = 64;

    private readonly HashSet<string> _known = new(StringComparer.Ordinal);

    public List<ConfigError> Errors => errors;

    public bool IsEmpty => !element.EnumerateObject().Any();

    public string PathOf(string name) => path.Length == 0 ? name : $"{path}.{name}";

    /// <summary>Text as it came, judged by the caller: credentials, addresses.</summary>
    public Optional<string?> Raw(string name) => Read<string?>(name, "a string", value =>
        value.ValueKind == JsonValueKind.String && TryText(value, out var text) ? Optional.Of<string?>(text) : default);

    /// <summary>A label for people: one line of limited length, not empty.</summary>
    public Optional<string?> Text(string name, int maxLength = MaxTextLength)
    {
        var text = Raw(name);
        if (text.Value is { } value && LabelError(value, maxLength) is { } message)
        {
            errors.Add(new(PathOf(name), message));
            return default;
        }

        return text;
    }

    public Optional<bool?> Flag(string name) => Read<bool?>(name, "true or false", value =>
        value.ValueKind is JsonValueKind.True or JsonValueKind.False ? Optional.Of<bool?>(value.GetBoolean()) : default);

    public Optional<long?> Number(string name) => Read<long?>(name, "a whole number", value =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var number) ? Optional.Of<long?>(number) : default);

    /// <summary>A whole number from 1 to 100.</summary>
    public Optional<int?> Percent(string name) => Read<int?>(name, "a whole number from 1 to 100", value =>
        value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number is >= 1 and <= 100 ? Optional.Of<int?>(number) : default);

    /// <summary>An RFC 3339 time with its offset; one without would mean another moment on every server.</summary>
    public Optional<DateTimeOffset?> Time(string name) => Read<DateTimeOffset?>(name, "an RFC 3339 time with its offset, such as 2030-01-31T12:00:00Z", value =>
        value.ValueKind == JsonValueKind.String && TryText(value, out var text) && Rfc3339.TryParse(text, out var time) ? Optional.Of<DateTimeOffset?>(time) : default);

    public Optional<JsonFields?> Object(string name) => Read<JsonFields?>(name, "an object", value =>
        value.ValueKind == JsonValueKind.Object ? Optional.Of<JsonFields?>(new JsonFields(value, PathOf(name), errors)) : default);

    /// <summary>The elements with their paths.</summary>
    public Optional<IReadOnlyList<(JsonElement Element, string Path)>?> Array(string name) =>
        Read<IReadOnlyList<(JsonElement, string)>?>(name, "an array", value => value.ValueKind == JsonValueKind.Array
            ? Optional.Of<IReadOnlyList<(JsonElement, string)>?>([.. value.EnumerateArray().Select((item, index) => (item, string.Create(CultureInfo.InvariantCulture, $"{PathOf(name)}[{index}]")))])
            : default);

    /// <summary>A list of labels.</summary>
    public Optional<IReadOnlyList<string>?> Texts(string name)
    {
        var array = Array(name);
        if (array.Value is null)
        {
            return new(array.IsPresent, null);
        }

        var texts = new List<string>();
        foreach (var (item, itemPath) in array.Value)
        {
            if (item.ValueKind != JsonValueKind.String || !TryText(item, out var text))
            {
                errors.Add(new(itemPath, "This must be a string."));
            }
            else if (LabelError(text, MaxTextLength) is { } message)
            {
                errors.Add(new(itemPath, message));
            }
            else
            {
                texts.Add(text);
            }
        }

        return Optional.Of<IReadOnlyList<string>?>(texts);
    }

    /// <summary>Every member, for objects whose member names are data.</summary>
    public IEnumerable<(string Name, Optional<string?> Value)> Entries()
    {
        foreach (var member in element.EnumerateObject())
        {
            yield return (member.Name, Raw(member.Name));
        }
    }

    /// <summary>Reports a member that must not be here, in its own words.</summary>
    public void Forbid(string name, string message)
    {
        _known.Add(name);
        if (element.TryGetProperty(name, out _))
        {
            errors.Add(new(PathOf(name), message));
        }
    }

    /// <summary>Reports every member that was not asked for: nothing is accepted silently.</summary>
    public void RejectUnknown()
    {
        foreach (var member in element.EnumerateObject().Where(member => !_known.Contains(member.Name)))
        {
            var name = member.Name.Length > MaxQuotedName ? member.Name[..MaxQuotedName] : member.Name;
            errors.Add(new(PathOf(name), $"Unknown member '{name}'; known are {string.Join(", ", _known)}."));
        }
    }

    /// <summary>The string of <paramref name="value"/>; false when it holds half a surrogate pair, which no text can.</summary>
    public static bool TryText(JsonElement value, out string text)
    {
        try
        {
            text = value.GetString() ?? "";
            return true;
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }

    /// <summary>What is wrong with <paramref name="text"/> as a label, or null.</summary>
    public static string? LabelError(string text, int maxLength) =>
        string.IsNullOrWhiteSpace(text) ? "This must not be empty."
        : text.Length > maxLength ? $"This must not be longer than {maxLength} characters."
        : text.Any(char.IsControl) || text.Length != text.Trim().Length ? "This must be one line without spaces around it."
        : null;

    private Optional<T> Read<T>(string name, string expected, Func<JsonElement, Optional<T>> read)
    {
        _known.Add(name);
        if (!element.TryGetProperty(name, out var value))
        {
            return default;
        }

        if (value.ValueKind == JsonValueKind.Null)
        {
            return new(IsPresent: true, default!); // every T here is nullable
        }

        var result = read(value);
        if (!result.IsPresent)
        {
            errors.Add(new(PathOf(name), $"This must be {expected}."));
        }

        return result;
    }
}
