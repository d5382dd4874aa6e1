using System.Net.Http.Headers;

namespace Trinity.Shared.Limits;

/// <summary>All that a reply of Anthropic says of limits: those of a subscription, or those of an API key.</summary>
public static class AnthropicLimits
{
    public const string UnifiedHeaders = "anthropic-ratelimit-unified";
    public const string RateHeaders = "anthropic-ratelimit";

    /// <returns>Null: it says nothing.</returns>
    public static HeardLimits? Read(HttpResponseHeaders headers)
    {
        if (UnifiedLimits.Read(headers) is { } plan)
        {
            return new HeardLimits { Limits = plan, Detail = UnifiedHeaders };
        }

        return RateLimits.ReadAnthropic(headers) is { } rate ? new HeardLimits { Limits = rate, Detail = RateHeaders } : null;
    }
}
