using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Providers;

/// <summary>What tests do with providers again and again.</summary>
internal static class ProviderCalls
{
    /// <summary>Creates an Anthropic provider with these keys.</summary>
    public static async Task<ApiReply> CreateProviderAsync(this ApiClient api, string name, params string[] keys)
    {
        var list = string.Join(", ", keys.Select(key => $"\"{key}\""));
        return (await api.PostAsync("providers", $$"""{"name": "{{name}}", "type": "anthropic", "api_keys": [{{list}}]}""")).Is(201);
    }

    public static string KeyId(this ApiReply provider, int index) => provider.At($"api_keys[{index}].id")!;

    public static IReadOnlyList<string> KeyIds(this ApiReply provider) => [.. provider.Json["api_keys"]!.AsArray().Select(key => key!["id"]!.GetValue<string>())];
}
