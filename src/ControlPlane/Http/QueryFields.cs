using System.Globalization;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Http;

/// <summary>Reads a request's query parameters and collects everything wrong with them, unknown ones included.</summary>
internal sealed class QueryFields(IQueryCollection query)
{
    private const int MaxLength = 256;

    private readonly HashSet<string> _known = new(StringComparer.OrdinalIgnoreCase);
    private readonly List<ConfigError> _errors = [];

    public string? Text(string name)
    {
        _known.Add(name);
        if (!query.TryGetValue(name, out var values))
        {
            return null;
        }

        if (values is [{ } text] && JsonFields.LabelError(text, MaxLength) is null)
        {
            return text;
        }

        _errors.Add(new(name, $"This must be given once, with a value of at most {MaxLength} characters on one line."));
        return null;
    }

    public int Number(string name, int min, int max, int otherwise)
    {
        if (Text(name) is not { } text)
        {
            return otherwise;
        }

        if (int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number >= min && number <= max)
        {
            return number;
        }

        _errors.Add(new(name, $"This must be a whole number from {min} to {max}."));
        return otherwise;
    }

    public Guid? Id(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (Guid.TryParseExact(text, "D", out var id))
        {
            return id;
        }

        _errors.Add(new(name, "This must be an id (a UUID)."));
        return null;
    }

    public DateTimeOffset? Time(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (Rfc3339.TryParseTimeOrDate(text, out var time) && time.Year is > 1970 and < 9000)
        {
            return time;
        }

        _errors.Add(new(name, "This must be a date (2030-01-31) or an RFC 3339 time with its offset (2030-01-31T12:00:00Z)."));
        return null;
    }

    public string? OneOf(string name, params ReadOnlySpan<string> allowed)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (allowed.Contains(text))
        {
            return text;
        }

        _errors.Add(new(name, $"This must be one of {string.Join(", ", allowed!)}."));
        return null;
    }

    public void Reject(string name, string message) => _errors.Add(new(name, message));

    /// <summary>Null when all is well; a misspelt filter is an error, not "no filter".</summary>
    public Problem? Check()
    {
        foreach (var name in query.Keys.Where(name => !_known.Contains(name)))
        {
            var shown = name.Length > MaxLength ? name[..MaxLength] : name;
            _errors.Add(new(shown, $"Unknown query parameter; known are {string.Join(", ", _known)}."));
        }

        return _errors.Count == 0 ? null : Problem.Invalid(_errors);
    }
}
