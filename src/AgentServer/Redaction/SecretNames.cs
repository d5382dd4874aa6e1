using System.Buffers;

namespace Trinity.AgentServer.Redaction;

/// <summary>Tells names whose value is a secret.</summary>
internal static class SecretNames
{
    private static readonly SearchValues<string> Parts = SearchValues.Create(
        ["apikey", "api_key", "api-key", "token", "secret", "password", "passwd", "credential", "privatekey", "private_key", "private-key", "accesskey", "access_key", "access-key", "auth", "virtualkey", "virtual_key", "trinity-key"],
        StringComparison.OrdinalIgnoreCase);

    public static bool IsSecret(ReadOnlySpan<char> name)
    {
        var at = name.IndexOfAny(Parts);
        return at >= 0 && !IsCount(name) && !(name[at..].StartsWith("author", StringComparison.OrdinalIgnoreCase) && !name[at..].StartsWith("authoriz", StringComparison.OrdinalIgnoreCase));
    }

    // input_tokens, maxTokens: how many, not which
    private static bool IsCount(ReadOnlySpan<char> name) =>
        name.EndsWith("tokens", StringComparison.OrdinalIgnoreCase) || name.EndsWith("token_count", StringComparison.OrdinalIgnoreCase);
}
