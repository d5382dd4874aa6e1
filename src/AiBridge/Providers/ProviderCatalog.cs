using System.Collections.Frozen;
using Trinity.AiBridge.Providers.Anthropic;
using Trinity.AiBridge.Providers.OpenAi;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Providers;

/// <summary>Provider types and their implementations.</summary>
internal static class ProviderCatalog
{
    private static readonly OpenAiProvider OpenAi = new();

    private static readonly FrozenDictionary<string, IProvider> ByType = new Dictionary<string, IProvider>(StringComparer.Ordinal)
    {
        [ProviderTypes.Anthropic] = new AnthropicProvider(),
        [ProviderTypes.OpenAi] = OpenAi,
        [ProviderTypes.OpenAiCompatible] = OpenAi,
        [ProviderTypes.OpenRouter] = OpenAi,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <exception cref="KeyNotFoundException">The type is unknown; snapshots hold no such provider in state enabled.</exception>
    public static IProvider Get(string type) => ByType[type];

    public static IProvider? Find(string type) => ByType.GetValueOrDefault(type);
}
