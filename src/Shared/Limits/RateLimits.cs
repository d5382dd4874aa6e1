using System.Net.Http.Headers;

namespace Trinity.Shared.Limits;

/// <summary>Reads the headers that tell of an API key's rate windows: requests and tokens of the last minute or so.</summary>
public static class RateLimits
{
    private static readonly (string Name, string Limit, string Remaining, string Reset)[] OpenAi =
    [
        (PlanWindows.Requests, "x-ratelimit-limit-requests", "x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
        (PlanWindows.Tokens, "x-ratelimit-limit-tokens", "x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ];

    private static readonly (string Name, string Limit, string Remaining, string Reset)[] Anthropic =
    [
        (PlanWindows.Requests, "anthropic-ratelimit-requests-limit", "anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
        (PlanWindows.Tokens, "anthropic-ratelimit-tokens-limit", "anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
        (PlanWindows.InputTokens, "anthropic-ratelimit-input-tokens-limit", "anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
        (PlanWindows.OutputTokens, "anthropic-ratelimit-output-tokens-limit", "anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
    ];

    /// <summary>The <c>x-ratelimit-*</c> headers of OpenAI and of those who do as it does.</summary>
    /// <returns>Null when the reply has none of them.</returns>
    public static PlanLimits? ReadOpenAi(HttpResponseHeaders headers, DateTimeOffset now)
    {
        if (!headers.HasAny(OpenAi[0].Limit, OpenAi[1].Limit))
        {
            return null;
        }

        var windows = new List<PlanWindow>(OpenAi.Length);
        foreach (var (name, limit, remaining, reset) in OpenAi)
        {
            AddWindow(windows, headers, name, limit, remaining, headers.After(reset, now));
        }

        return windows.Count > 0 ? new PlanLimits { Windows = windows } : null;
    }

    /// <summary>The <c>anthropic-ratelimit-*</c> headers of an API key.</summary>
    /// <returns>Null when the reply has none of them.</returns>
    public static PlanLimits? ReadAnthropic(HttpResponseHeaders headers)
    {
        if (!headers.HasAny(Anthropic[0].Limit, Anthropic[1].Limit))
        {
            return null;
        }

        var windows = new List<PlanWindow>(Anthropic.Length);
        foreach (var (name, limit, remaining, reset) in Anthropic)
        {
            AddWindow(windows, headers, name, limit, remaining, headers.Time(reset));
        }

        return windows.Count > 0 ? new PlanLimits { Windows = windows } : null;
    }

    private static void AddWindow(List<PlanWindow> windows, HttpResponseHeaders headers, string name, string limit, string remaining, DateTimeOffset? resetsAt)
    {
        double? utilization = headers.Count(limit) is > 0 and var most && headers.Count(remaining) is { } left ? Math.Max(0, 1 - ((double)left / most)) : null;
        if (utilization is not null || resetsAt is not null)
        {
            windows.Add(new PlanWindow { Name = name, Utilization = utilization, ResetsAt = resetsAt });
        }
    }
}
