using Trinity.AgentServer.Credentials;

namespace Trinity.AgentServer.Runtimes;

/// <summary>The environment variables that a credential becomes.</summary>
internal static class CredentialVariables
{
    public const string OAuthToken = "CLAUDE_CODE_OAUTH_TOKEN";
    public const string ApiKey = "ANTHROPIC_API_KEY";
    public const string AuthToken = "ANTHROPIC_AUTH_TOKEN";
    public const string BaseUrl = "ANTHROPIC_BASE_URL";
    public const string CustomHeaders = "ANTHROPIC_CUSTOM_HEADERS";
    public const string CodexApiKey = "CODEX_API_KEY";
    public const string OpenAiApiKey = "OPENAI_API_KEY";
    public const string CodexVirtualKey = "TRINITY_VIRTUAL_KEY";
    public const string VirtualKeyHeader = "X-Trinity-Key";

    private static readonly string[] All = [OAuthToken, ApiKey, AuthToken, BaseUrl, CustomHeaders, CodexApiKey, OpenAiApiKey, CodexVirtualKey];

    public static bool IsOne(string variable) => All.Contains(variable, StringComparer.Ordinal);

    /// <summary>As Claude Code wants it: exactly one of token, API key and auth token, because it would choose among several by a rule of its own.</summary>
    public static void AddForClaude(IDictionary<string, string> environment, CredentialSnapshot credential)
    {
        if (credential.BaseUrl is { } address)
        {
            environment[BaseUrl] = address;
        }

        if (credential.Token is { } token)
        {
            environment[OAuthToken] = token.Reveal();
        }
        else if (credential.ApiKey is { } apiKey)
        {
            environment[ApiKey] = apiKey.Reveal();
        }
        else if (credential.VirtualKey is { } alone)
        {
            environment[AuthToken] = alone.Reveal();
            return;
        }

        if (credential.VirtualKey is { } beside)
        {
            environment[CustomHeaders] = $"{VirtualKeyHeader}: {beside.Reveal()}";
        }
    }
}
