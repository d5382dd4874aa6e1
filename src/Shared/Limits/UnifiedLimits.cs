using System.Net.Http.Headers;

namespace Trinity.Shared.Limits;

/// <summary>Reads the <c>anthropic-ratelimit-unified-*</c> headers, which tell of a subscription's limits.</summary>
public static class UnifiedLimits
{
    private const string Prefix = "anthropic-ratelimit-unified-";
    private const string Status = Prefix + "status";
    private const string FiveHourUtilization = Prefix + "5h-utilization";

    private static readonly (string Name, string Utilization, string ResetsAt, string Status)[] Known =
    [
        (PlanWindows.FiveHour, FiveHourUtilization, Prefix + "5h-reset", Prefix + "5h-status"),
        (PlanWindows.SevenDay, Prefix + "7d-utilization", Prefix + "7d-reset", Prefix + "7d-status"),
    ];

    /// <returns>Null when the reply has none of them.</returns>
    public static PlanLimits? Read(HttpResponseHeaders headers)
    {
        if (!headers.HasAny(Status, FiveHourUtilization))
        {
            return null;
        }

        var limits = new PlanLimits
        {
            Status = headers.Word(Status),
            Claim = headers.Word(Prefix + "representative-claim"),
            ResetsAt = headers.Instant(Prefix + "reset"),
            Windows = [.. Windows(headers)],
        };
        return limits.IsEmpty ? null : limits;
    }

    private static IEnumerable<PlanWindow> Windows(HttpResponseHeaders headers)
    {
        foreach (var (name, utilization, resetsAt, status) in Known)
        {
            var window = new PlanWindow { Name = name, Utilization = headers.Fraction(utilization), ResetsAt = headers.Instant(resetsAt), Status = headers.Word(status) };
            if (window is not { Utilization: null, ResetsAt: null, Status: null })
            {
                yield return window;
            }
        }
    }
}
