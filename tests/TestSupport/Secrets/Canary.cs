using System.Globalization;
using System.Text;

namespace Trinity.TestSupport.Secrets;

/// <summary>One planted secret with the texts that would give it away.</summary>
internal sealed class Canary
{
    /// <summary>A hint may show the first letters and the last four; so many in a row from within are a leak.</summary>
    public const int FragmentLength = 12;

    private readonly string _kind;
    private readonly string _lastFour;
    private readonly List<string> _traces;

    public Canary(string kind, string secret)
    {
        _kind = kind;
        _lastFour = secret[^Math.Min(4, secret.Length)..];
        _traces = [.. Traces(secret)];
        Parts = _traces.TrueForAll(trace => trace.Length >= FragmentLength) ? [.. _traces.Select(MiddleOf)] : [];
    }

    /// <summary>A text that holds the secret holds one of these, each <see cref="FragmentLength"/> long. Empty for a short secret: then there is none.</summary>
    public IReadOnlyCollection<string> Parts { get; }

    /// <summary>Null, or where the secret is.</summary>
    public string? FindIn(string text)
    {
        var places = _traces.Select(trace => text.IndexOf(trace, StringComparison.OrdinalIgnoreCase)).Where(place => place >= 0).ToList();
        return places.Count == 0 ? null : string.Create(CultureInfo.InvariantCulture, $"{_kind} (…{_lastFour}) at character {places.Min()}");
    }

    // What is the secret's own is in its middle: its beginning tells its kind.
    private static string MiddleOf(string trace) => trace.Substring((trace.Length - FragmentLength) / 2, FragmentLength);

    private static IEnumerable<string> Traces(string secret)
    {
        var bytes = Encoding.UTF8.GetBytes(secret);
        return Fragments(secret)
            .Append(Uri.EscapeDataString(secret))
            .Append(Convert.ToHexString(bytes))
            .Concat(Enumerable.Range(0, 3).Select(shift => Base64Core(bytes, shift)))
            .Distinct(StringComparer.Ordinal);
    }

    /// <summary>Every run of letters from the end that is random; the beginning ("sk-ant-api03-") is no secret.</summary>
    private static IEnumerable<string> Fragments(string secret)
    {
        var random = secret.LastIndexOf('-', Math.Max(0, secret.Length - 8)) + 1;
        return secret.Length - random <= FragmentLength
            ? [secret]
            : Enumerable.Range(random, secret.Length - random - FragmentLength + 1).Select(start => secret.Substring(start, FragmentLength));
    }

    /// <summary>The part of the base64 text that is the same whatever stands before and after the secret.</summary>
    private static string Base64Core(byte[] bytes, int shift)
    {
        var encoded = Convert.ToBase64String([.. new byte[shift], .. bytes]);
        return encoded[4..^4];
    }
}
