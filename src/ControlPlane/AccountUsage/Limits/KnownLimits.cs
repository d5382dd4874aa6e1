using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Limits;

/// <summary>All that is known of the limits behind one credential: the verdict of the last that was heard, and of each window the last that was said of it.</summary>
internal sealed record KnownLimits
{
    /// <summary>Of the credential that it was said of, a token's fingerprint or <c>key:</c> and the id of a provider's key.</summary>
    public required string Credential { get; init; }

    public required PlanLimits Limits { get; init; }

    /// <summary>When the last of it was heard.</summary>
    public required DateTimeOffset ObservedAt { get; init; }

    /// <summary>How the last of it was heard, one of <see cref="LimitsSource"/>.</summary>
    public required string Source { get; init; }

    public required string Detail { get; init; }

    /// <summary>When a window was last heard of, where that was before <see cref="ObservedAt"/>.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> OlderWindows { get; init; } = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);

    /// <summary>How long a provider's verdict, and what it said of a window of hours, are worth something.</summary>
    public static TimeSpan FreshFor { get; } = TimeSpan.FromMinutes(30);

    public DateTimeOffset ObservedAtOf(string window) => OlderWindows.GetValueOrDefault(window, ObservedAt);

    /// <summary>How far a window is used up now, as a fraction; null: not known. A window that has begun anew since is unknown, not empty.</summary>
    /// <remarks>A window of days fills up only, until its reset, so that an old value is a lower bound; one of hours moves on.</remarks>
    public double? UsedNow(PlanWindow window, DateTimeOffset now)
    {
        var isFresh = now - ObservedAtOf(window.Name) <= FreshFor;
        return window.Utilization is { } used && double.IsFinite(used) && (window.ResetsAt is { } reset ? reset > now && (isFresh || IsOfDays(window)) : isFresh) ? used : null;
    }

    private static bool IsOfDays(PlanWindow window) => window is
    { Name: PlanWindows.SevenDay or PlanWindows.SevenDayOpus or PlanWindows.SevenDaySonnet } or { Minutes: >= 24 * 60 };

    /// <summary>Puts the readings of one credential together; null: there are none.</summary>
    public static KnownLimits? Of(IEnumerable<LimitsReading> readings)
    {
        var ordered = readings.OrderByDescending(reading => reading.ObservedAt).ToList();
        if (ordered is not [var last, ..])
        {
            return null;
        }

        var windows = new List<PlanWindow>();
        var older = new Dictionary<string, DateTimeOffset>(StringComparer.Ordinal);
        foreach (var reading in ordered)
        {
            foreach (var window in reading.Limits.Windows.Where(window => windows.TrueForAll(known => known.Name != window.Name)))
            {
                windows.Add(window);
                if (reading != last)
                {
                    older[window.Name] = reading.ObservedAt;
                }
            }
        }

        return new KnownLimits
        {
            Credential = last.Credential,
            Limits = last.Limits with
            {
                Windows = windows,
                Plan = ordered.Select(reading => reading.Limits.Plan).FirstOrDefault(plan => plan is not null),
                Credit = ordered.Select(reading => reading.Limits.Credit).FirstOrDefault(credit => credit is not null),
            },
            ObservedAt = last.ObservedAt,
            Source = last.Source,
            Detail = last.Detail,
            OlderWindows = older,
        };
    }
}
