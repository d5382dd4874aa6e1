using System.Net.Http.Headers;

namespace Trinity.Shared.Limits;

/// <summary>All that a reply of OpenAI, or of one who does as it does, says of limits: those of a plan, those of an API key, or both.</summary>
public static class OpenAiLimits
{
    public const string CodexHeaders = "x-codex";
    public const string RateHeaders = "x-ratelimit";

    /// <returns>Null: it says nothing.</returns>
    public static HeardLimits? Read(HttpResponseHeaders headers, DateTimeOffset now) =>
        (CodexLimits.Read(headers, now), RateLimits.ReadOpenAi(headers, now)) switch
        {
            ({ } plan, { } rate) => new HeardLimits { Limits = plan with { Windows = [.. plan.Windows, .. rate.Windows] }, Detail = $"{CodexHeaders}, {RateHeaders}" },
            ({ } plan, null) => new HeardLimits { Limits = plan, Detail = CodexHeaders },
            (null, { } rate) => new HeardLimits { Limits = rate, Detail = RateHeaders },
            _ => null,
        };
}
