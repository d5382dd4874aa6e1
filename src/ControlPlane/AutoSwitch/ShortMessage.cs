using System.Text.RegularExpressions;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Cuts what a program said of its failure to one short line in which no credential can hide.</summary>
internal static partial class ShortMessage
{
    public const int MaxLength = 200;

    private const int MaxRead = 2000;

    public static string Of(string? text)
    {
        var line = (text ?? "").AsSpan(0, Math.Min(text?.Length ?? 0, MaxRead)).Trim();
        if (line.IndexOfAny('\r', '\n') is >= 0 and var end)
        {
            line = line[..end];
        }

        var masked = LongWord().Replace(Control().Replace(line.ToString(), " "), "…");
        return masked.Length > MaxLength ? masked[..MaxLength] : masked;
    }

    // No word of a language is so long; tokens are longer. Half a surrogate pair, which a cut can leave, Postgres does not take.
    [GeneratedRegex(@"[\w\-+/=.]{24,}", RegexOptions.NonBacktracking)]
    private static partial Regex LongWord();

    [GeneratedRegex(@"[\p{C}]", RegexOptions.NonBacktracking)]
    private static partial Regex Control();
}
