using Trinity.ControlPlane.AccountUsage.History;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Views;

/// <summary>How fast a window fills, from how it stood in the last hour, and what that leads to.</summary>
/// <param name="PercentPerHour">Points an hour; zero: it does not fill.</param>
/// <param name="FullAt">When it will be full; null: not before it begins anew.</param>
internal sealed record BurnRate(double PercentPerHour, DateTimeOffset? FullAt)
{
    /// <summary>How far back is looked.</summary>
    public static readonly TimeSpan Span = TimeSpan.FromHours(1);

    /// <summary>Less than this says nothing of an hour.</summary>
    private static readonly TimeSpan MinSpan = TimeSpan.FromMinutes(5);

    /// <summary>A provider's word for one and the same reset differs by seconds.</summary>
    private static readonly TimeSpan SameReset = TimeSpan.FromMinutes(2);

    /// <summary>Null: too little is known.</summary>
    /// <param name="now">The window as it stood last.</param>
    /// <param name="observedAt">When that was.</param>
    /// <param name="credential">Of the account: what was used up by another is another's.</param>
    /// <param name="history">The account's, in any order.</param>
    public static BurnRate? Of(PlanWindow now, DateTimeOffset observedAt, string credential, IEnumerable<HistoryEntry> history)
    {
        if (now.Utilization is not { } used)
        {
            return null;
        }

        var earlier = history
            .Where(entry => entry.Credential == credential && entry.At >= observedAt - Span && entry.At <= observedAt - MinSpan)
            .OrderBy(entry => entry.At)
            .Select(entry => (entry.At, Window: entry.Limits.Window(now.Name)))
            .FirstOrDefault(entry => entry.Window is { Utilization: not null } window && IsSame(window, now));
        if (earlier.Window is null)
        {
            return null;
        }

        var perHour = Math.Max(0, (used - earlier.Window.Utilization!.Value) / (observedAt - earlier.At).TotalHours);
        var fullAt = used >= 1 ? observedAt : perHour > 0 ? After(observedAt, (1 - used) / perHour) : null;
        return new BurnRate(perHour * 100, fullAt < now.ResetsAt || now.ResetsAt is null ? fullAt : null);
    }

    private static bool IsSame(PlanWindow earlier, PlanWindow now) =>
        earlier.ResetsAt is { } then && now.ResetsAt is { } reset ? (then - reset).Duration() <= SameReset : earlier.ResetsAt is null && now.ResetsAt is null;

    // Slower than a year is never.
    private static DateTimeOffset? After(DateTimeOffset start, double hours) => hours < 24 * 365 ? start.AddHours(hours) : null;
}
