using System.Net.Http.Headers;

namespace Trinity.Shared.Limits;

/// <summary>Reads the <c>anthropic-ratelimit-unified-*</c> headers, which tell of a subscription's limits.</summary>
public static class UnifiedLimits
{
    private const string Prefix = "anthropic-ratelimit-unified-";
    private static readonly (string Name, string Header)[] Known = [(PlanWindows.FiveHour, "5h"), (PlanWindows.SevenDay, "7d")];

    /// <returns>Null when the reply has none of them.</returns>
    public static PlanLimits? Read(HttpResponseHeaders headers)
    {
        var limits = new PlanLimits
        {
            Status = headers.Word(Prefix + "status"),
            Claim = headers.Word(Prefix + "representative-claim"),
            ResetsAt = headers.Instant(Prefix + "reset"),
            Windows = [.. Windows(headers)],
        };
        return limits.IsEmpty ? null : limits;
    }

    private static IEnumerable<PlanWindow> Windows(HttpResponseHeaders headers)
    {
        foreach (var (name, header) in Known)
        {
            var window = new PlanWindow
            {
                Name = name,
                Utilization = headers.Fraction($"{Prefix}{header}-utilization"),
                ResetsAt = headers.Instant($"{Prefix}{header}-reset"),
                Status = headers.Word($"{Prefix}{header}-status"),
            };
            if (window != new PlanWindow { Name = name })
            {
                yield return window;
            }
        }
    }
}
