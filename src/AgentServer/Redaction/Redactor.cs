using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;

namespace Trinity.AgentServer.Redaction;

/// <summary>Masks secrets in whatever leaves the server: exact values first, then what has the shape of one.</summary>
/// <remarks>
/// <c>_values</c> is replaced as a whole and read through <see cref="Volatile"/>; the credential store is its only writer after the start, under
/// its own lock. The time is proportional to the text's length, whatever is in it: a task chooses the text.
/// </remarks>
internal sealed class Redactor
{
    public const string Mask = "***";

    /// <summary>Shorter ones are in everyday words.</summary>
    private const int ShortestValue = 6;

    private readonly string[] _fixedValues;
    private ExactValues _values;

    /// <param name="fixedValues">Secrets that hold as long as the process does.</param>
    public Redactor(IEnumerable<string> fixedValues)
    {
        _fixedValues = [.. fixedValues];
        _values = ExactValues.Of(_fixedValues);
    }

    /// <summary>From now on these values are masked, and of earlier credentials no others.</summary>
    public void UseCredentials(IEnumerable<string> values) => Volatile.Write(ref _values, ExactValues.Of(_fixedValues.Concat(values)));

    /// <summary>The text without secrets; the same object when there is none in it. JSON stays JSON.</summary>
    public string Redact(string text)
    {
        var values = Volatile.Read(ref _values);
        return RedactedJson.TryRedact(text, plain => RedactText(values, plain)) ?? RedactText(values, text);
    }

    private static string RedactText(ExactValues values, string text) => SecretShapes.Mask(values.Mask(text));

    /// <summary>The values that are known, in each form that they may be written in.</summary>
    private sealed record ExactValues(SearchValues<string> Search, string[] LongestFirst)
    {
        public static ExactValues Of(IEnumerable<string> values)
        {
            var forms = values.Where(value => value.Length >= ShortestValue)
                .SelectMany(value => new[] { value, JavaScriptEncoder.Default.Encode(value), JavaScriptEncoder.UnsafeRelaxedJsonEscaping.Encode(value), Uri.EscapeDataString(value) })
                .Distinct(StringComparer.Ordinal)
                .OrderByDescending(value => value.Length)
                .ToArray();
            return new ExactValues(SearchValues.Create(forms, StringComparison.Ordinal), forms);
        }

        public string Mask(string text)
        {
            var rest = text.AsSpan();
            var at = rest.IndexOfAny(Search);
            if (at < 0)
            {
                return text;
            }

            var masked = new StringBuilder(text.Length);
            while (at >= 0)
            {
                masked.Append(rest[..at]).Append(Redactor.Mask);
                rest = rest[(at + LengthAt(rest[at..]))..];
                at = rest.IndexOfAny(Search);
            }

            return masked.Append(rest).ToString();
        }

        private int LengthAt(ReadOnlySpan<char> found)
        {
            foreach (var form in LongestFirst)
            {
                if (found.StartsWith(form, StringComparison.Ordinal))
                {
                    return form.Length;
                }
            }

            return 1; // not reached: the search found one of them here
        }
    }
}
