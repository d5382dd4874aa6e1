using System.Text.Json.Nodes;

namespace Trinity.TestSupport.Dialects;

/// <summary>Token counts as OpenAI reports them: input includes the cached tokens, output the reasoning tokens.</summary>
public sealed record OpenAiUsage(int Input = 12, int Output = 34, int Cached = 0, int Reasoning = 0)
{
    internal JsonObject ToChatJson() => new()
    {
        ["prompt_tokens"] = Input,
        ["completion_tokens"] = Output,
        ["total_tokens"] = Input + Output,
        ["prompt_tokens_details"] = new JsonObject { ["cached_tokens"] = Cached, ["audio_tokens"] = 0 },
        ["completion_tokens_details"] = new JsonObject
        {
            ["reasoning_tokens"] = Reasoning,
            ["audio_tokens"] = 0,
            ["accepted_prediction_tokens"] = 0,
            ["rejected_prediction_tokens"] = 0,
        },
    };

    internal JsonObject ToResponsesJson() => new()
    {
        ["input_tokens"] = Input,
        ["input_tokens_details"] = new JsonObject { ["cached_tokens"] = Cached },
        ["output_tokens"] = Output,
        ["output_tokens_details"] = new JsonObject { ["reasoning_tokens"] = Reasoning },
        ["total_tokens"] = Input + Output,
    };
}
