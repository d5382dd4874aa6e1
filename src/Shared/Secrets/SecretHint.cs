using System.Globalization;

namespace Trinity.Shared.Secrets;

/// <summary>The masked form of a credential that reads, records and audit entries show.</summary>
public static class SecretHint
{
    /// <summary>
    /// Keeps 4+4 characters of 20 or more, 2+2 of 10 or more, 1+1 of 5 or more, and none of a shorter one, joined by <c>...</c>.
    /// Counts text elements, so that no surrogate pair is torn. Empty stays empty.
    /// </summary>
    public static string Of(string secret)
    {
        if (secret.Length == 0)
        {
            return "";
        }

        var text = new StringInfo(secret);
        var length = text.LengthInTextElements;
        var shown = length switch { >= 20 => 4, >= 10 => 2, >= 5 => 1, _ => 0 };
        return shown == 0
            ? "..."
            : $"{text.SubstringByTextElements(0, shown)}...{text.SubstringByTextElements(length - shown, shown)}";
    }
}
