using System.Text.Json.Nodes;

namespace Trinity.TestSupport.Dialects;

/// <summary>Token counts as Anthropic reports them: input net of the cache, output cumulative.</summary>
public sealed record AnthropicUsage(int Input = 12, int Output = 34, int CacheRead = 0, int CacheCreation5m = 0, int CacheCreation1h = 0)
{
    /// <summary>What <c>message_start</c> of a stream says about the output, before there is any.</summary>
    public int OutputAtStart { get; init; } = 1;

    internal JsonObject ToJson(int? output = null) => new()
    {
        ["input_tokens"] = Input,
        ["cache_creation_input_tokens"] = CacheCreation5m + CacheCreation1h,
        ["cache_read_input_tokens"] = CacheRead,
        ["cache_creation"] = new JsonObject { ["ephemeral_5m_input_tokens"] = CacheCreation5m, ["ephemeral_1h_input_tokens"] = CacheCreation1h },
        ["output_tokens"] = output ?? Output,
        ["service_tier"] = "standard",
    };

    /// <summary>The counts of <c>message_delta</c>.</summary>
    internal JsonObject ToDeltaJson() => new()
    {
        ["input_tokens"] = Input,
        ["cache_creation_input_tokens"] = CacheCreation5m + CacheCreation1h,
        ["cache_read_input_tokens"] = CacheRead,
        ["output_tokens"] = Output,
    };
}
