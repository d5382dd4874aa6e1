using System.Buffers;

namespace Trinity.AgentServer.Redaction;

/// <summary>How the tokens of known vendors begin.</summary>
internal static class TokenPrefixes
{
    private static readonly (string Prefix, int ShortestRest)[] Known =
    [
        ("sk-", 16),
        ("trk_", 8),
        ("github_pat_", 16),
        ("ghp_", 16),
        ("gho_", 16),
        ("ghs_", 16),
        ("ghr_", 16),
        ("ghu_", 16),
        ("xoxa-", 8),
        ("xoxb-", 8),
        ("xoxe-", 8),
        ("xoxo-", 8),
        ("xoxp-", 8),
        ("xoxr-", 8),
        ("xoxs-", 8),
        ("AKIA", 16),
        ("ASIA", 16),
    ];

    private static readonly SearchValues<char> First = SearchValues.Create([.. Known.Select(known => known.Prefix[0]).Distinct()]);
    private static readonly SearchValues<char> TokenCharacters = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

    /// <returns>0 when the text does not begin with a token.</returns>
    public static int LengthOfToken(ReadOnlySpan<char> text)
    {
        if (text.IsEmpty || !First.Contains(text[0]))
        {
            return 0;
        }

        foreach (var (prefix, shortestRest) in Known)
        {
            if (text.StartsWith(prefix, StringComparison.Ordinal) && IsLongEnough(text[prefix.Length..], shortestRest))
            {
                return text.IndexOfAnyExcept(TokenCharacters) is >= 0 and var length ? length : text.Length;
            }
        }

        return 0;
    }

    // Looks at no more than it must, so that a text of many beginnings costs no more than another.
    private static bool IsLongEnough(ReadOnlySpan<char> rest, int shortest) =>
        rest.Length >= shortest && rest[..shortest].IndexOfAnyExcept(TokenCharacters) < 0;
}
