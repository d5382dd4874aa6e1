namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>What a token or an account's id looks like: one word that a header can carry.</summary>
internal static class CredentialWord
{
    private const int MaxLength = 16 * 1024;

    public static bool IsOne(string text) => text.Length is > 0 and <= MaxLength && !text.AsSpan().ContainsAnyExceptInRange('!', '~');
}
