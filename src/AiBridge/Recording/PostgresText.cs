namespace Trinity.AiBridge.Recording;

/// <summary>Text that came from clients and providers, made storable: Postgres takes no NUL and no unpaired surrogate.</summary>
internal static class PostgresText
{
    public static T Clean<T>(T value) =>
        value is string text && Unstorable(text) ? (T)(object)Replace(text) : value;

    private static bool Unstorable(string text) => text.Contains('\0', StringComparison.Ordinal) || text.AsSpan().IndexOfAnyInRange('\ud800', '\udfff') >= 0;

    // Round-tripping through UTF-8 turns unpaired surrogates into U+FFFD and leaves pairs alone.
    private static string Replace(string text) =>
        System.Text.Encoding.UTF8.GetString(System.Text.Encoding.UTF8.GetBytes(text)).Replace('\0', '\ufffd');
}
