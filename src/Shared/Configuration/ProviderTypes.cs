namespace Trinity.Shared.Configuration;

/// <summary>The provider types we can build a bridge for, and what each implies.</summary>
public static class ProviderTypes
{
    public const string Anthropic = "anthropic";
    public const string OpenAi = "openai";
    public const string OpenAiCompatible = "openai-compatible";
    public const string OpenRouter = "openrouter";

    public static IReadOnlyList<string> All { get; } = [Anthropic, OpenAi, OpenAiCompatible, OpenRouter];

    public static bool IsKnown(string type) => All.Contains(type, StringComparer.Ordinal);

    /// <summary>The vendor's public base URL, or null where the operator must name one.</summary>
    public static string? DefaultBaseUrl(string type) => type switch
    {
        Anthropic => "https://api.anthropic.com/",
        OpenAi => "https://api.openai.com/v1/",
        OpenRouter => "https://openrouter.ai/api/v1/",
        _ => null,
    };
}
