using System.Buffers.Binary;
using System.Collections.Frozen;
using System.Globalization;
using System.Text;
using Trinity.AiBridge.Configuration;
using Trinity.Shared.Configuration;
using Trinity.Shared.Secrets;

namespace Trinity.Bench.Micro;

/// <summary>A configuration of a realistic size: some providers, a thousand virtual keys.</summary>
internal static class BenchConfig
{
    public const string Provider = "anthropic";
    public const int VirtualKeys = 1000;

    private static readonly string[] Names = [Provider, "anthropic-eu", "claude-batch", "bedrock-like", "team-a"];

    /// <summary>The virtual key that the benchmarks send.</summary>
    public static string Token { get; } = TokenOf(VirtualKeys / 2);

    public static ConfigSnapshot Snapshot(long generation = 1, string providerKey = "sk-ant-bench-0123456789") => new()
    {
        Revision = generation,
        Generation = generation,
        Providers = Names.Select((name, number) => ProviderOf(name, number, providerKey)).ToFrozenDictionary(provider => provider.Name, StringComparer.Ordinal),
        VirtualKeys = Enumerable.Range(0, VirtualKeys).Select(VirtualKeyOf).ToFrozenDictionary(key => VirtualKeyHash.Of(key.Hash)),
    };

    /// <summary>A Messages request of about so many bytes, as clients send it: the model first, the conversation after it.</summary>
    public static byte[] Request(int bytes, bool modelFirst = true)
    {
        const string model = "\"model\":\"claude-sonnet-4-5-20250929\"";
        var body = new StringBuilder(modelFirst ? $"{{{model},\"max_tokens\":4096,\"stream\":true,\"messages\":[" : "{\"max_tokens\":4096,\"stream\":true,\"messages\":[");
        for (var turn = 0; body.Length < bytes - 150; turn++)
        {
            body.Append(CultureInfo.InvariantCulture, $$"""{{(turn == 0 ? "" : ",")}}{"role":"{{(turn % 2 == 0 ? "user" : "assistant")}}","content":[{"type":"text","text":"Turn {{turn}} says a \"thing\" or two.\n"}]}""");
        }

        return Encoding.UTF8.GetBytes(body.Append(modelFirst ? "]}" : $"],{model}}}").ToString());
    }

    private static string TokenOf(int number) => VirtualKeyToken.Prefix + number.ToString("x64", CultureInfo.InvariantCulture);

    private static VirtualKeyConfig VirtualKeyOf(int number) => new()
    {
        Id = IdOf(1000 + number),
        Name = $"agent-{number}",
        Hash = VirtualKeyToken.Hash(TokenOf(number)),
        Limits = new VirtualKeyLimits { RequestsPerMinute = 1_000_000_000, MaxConcurrent = 100, TokensPerDay = long.MaxValue },
    };

    private static ProviderModel ProviderOf(string name, int number, string providerKey)
    {
        var config = new ProviderConfig
        {
            Id = IdOf(number),
            Name = name,
            Type = ProviderTypes.Anthropic,
            BaseUrl = "http://127.0.0.1:9",
            Enabled = true,
            Keys = [new ProviderKey { Id = IdOf(100 + number), Ordinal = 0, Secret = new SecretString(providerKey), Hint = SecretHint.Of(providerKey) }],
        };
        return new ProviderModel(config, ConfigRevision.Of(config), ProviderState.Enabled);
    }

    private static Guid IdOf(int number)
    {
        var bytes = new byte[16];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number + 1);
        return new Guid(bytes, bigEndian: true);
    }
}
