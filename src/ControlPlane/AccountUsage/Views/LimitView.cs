using System.Globalization;
using Trinity.ControlPlane.AccountUsage.History;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Views;

/// <summary>One limit of an account as the API shows it. What is not known is null, never 0 or 100.</summary>
internal sealed record LimitView
{
    /// <summary><c>five_hour</c>, <c>seven_day</c>, <c>primary</c>, … , or the provider's own name for it.</summary>
    public required string Name { get; init; }

    /// <summary>For people.</summary>
    public required string Label { get; init; }

    /// <summary>Null: not known now.</summary>
    public required double? UsedPercent { get; init; }

    /// <summary>100 less what is used, from 0 to 100; null: not known now.</summary>
    public required double? RemainingPercent { get; init; }

    /// <summary>When it begins anew; null: the provider did not say.</summary>
    public required DateTimeOffset? ResetsAt { get; init; }

    /// <summary>Whether the provider refuses for its sake.</summary>
    public required bool Refuses { get; init; }

    /// <summary>Whether this is a rate of minutes: it stops nobody for long.</summary>
    public required bool IsRate { get; init; }

    /// <summary>How fast it fills, in points an hour, over the last hour; null: too little is known.</summary>
    public required double? PercentPerHour { get; init; }

    /// <summary>When it will be full at that speed; null: not before it begins anew, or too little is known.</summary>
    public required DateTimeOffset? FullAt { get; init; }

    public required DateTimeOffset ObservedAt { get; init; }

    /// <summary>The limits, the one that will stop you first before the others.</summary>
    public static IReadOnlyList<LimitView> Of(KnownLimits known, IEnumerable<HistoryEntry> history, DateTimeOffset now)
    {
        var entries = history.ToList();
        return [.. known.Limits.Windows
            .Select(window => Of(known, window, entries, now))
            .OrderBy(view => view.IsRate)
            .ThenByDescending(view => view.Refuses)
            .ThenByDescending(view => view.Refuses ? view.ResetsAt : null) // of those that refuse, the one that does so longest
            .ThenBy(view => view.FullAt ?? DateTimeOffset.MaxValue)
            .ThenByDescending(view => view.UsedPercent ?? -1)];
    }

    private static LimitView Of(KnownLimits known, PlanWindow window, IReadOnlyList<HistoryEntry> history, DateTimeOffset now)
    {
        var used = known.UsedNow(window, now);
        var isOver = window.ResetsAt <= now; // it has begun anew since: what was said of it is over
        var rate = used is null ? null : BurnRate.Of(window, known.ObservedAtOf(window.Name), known.Credential, history);
        return new LimitView
        {
            Name = window.Name,
            Label = LabelOf(window),
            UsedPercent = Percent(used),
            RemainingPercent = used is { } fraction ? Percent(Math.Clamp(1 - fraction, 0, 1)) : null,
            ResetsAt = isOver ? null : window.ResetsAt,
            Refuses = !isOver && (window.Refuses || used >= 1),
            IsRate = PlanWindows.IsRate(window.Name),
            PercentPerHour = rate is null ? null : Math.Round(rate.PercentPerHour, 1),
            FullAt = rate?.FullAt is { } fullAt && fullAt > now ? fullAt : null,
            ObservedAt = known.ObservedAtOf(window.Name),
        };
    }

    private static double? Percent(double? fraction) => fraction is { } value ? Math.Round(value * 100, 1) : null;

    private static string LabelOf(PlanWindow window) => window switch
    {
        { Name: PlanWindows.FiveHour } => "5-hour limit",
        { Name: PlanWindows.SevenDay } => "Weekly limit",
        { Name: PlanWindows.SevenDayOpus } => "Weekly limit of Opus",
        { Name: PlanWindows.SevenDaySonnet } => "Weekly limit of Sonnet",
        { Name: PlanWindows.Requests } => "Requests",
        { Name: PlanWindows.Tokens } => "Tokens",
        { Name: PlanWindows.InputTokens } => "Input tokens",
        { Name: PlanWindows.OutputTokens } => "Output tokens",
        { Name: PlanWindows.Credit } => "Credit",
        { Minutes: 7 * 24 * 60 } => "Weekly limit",
        { Minutes: { } minutes and >= 60 } => string.Create(CultureInfo.InvariantCulture, $"{minutes / 60}-hour limit"),
        { Name: PlanWindows.Primary } => "First limit",
        { Name: PlanWindows.Secondary } => "Second limit",
        _ => window.Name,
    };
}
