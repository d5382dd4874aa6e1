using Trinity.ControlPlane.AccountUsage.History;

namespace Trinity.ControlPlane.AccountUsage.Views;

/// <summary>How an account stood over time.</summary>
/// <param name="Id">The account's.</param>
/// <param name="StepMinutes">The points are at least so far apart; each shows the last of its step.</param>
/// <param name="Series">One per credential: what another one had used up is no drop of this one's.</param>
internal sealed record UsageHistoryView(string Id, int StepMinutes, IReadOnlyList<UsageSeries> Series)
{
    public static UsageHistoryView Of(string id, TimeSpan step, IEnumerable<IEnumerable<HistoryEntry>> accounts) => new(id, (int)step.TotalMinutes,
    [
        .. accounts.SelectMany(entries => entries
            .GroupBy(entry => entry.Credential, StringComparer.Ordinal)
            .Select(series => new UsageSeries(series.Key, [.. series.Select(UsagePoint.Of)]))),
    ]);
}

/// <summary>The points of one credential, oldest first.</summary>
/// <param name="Credential">A token's fingerprint, or <c>key:</c> and a provider key's id.</param>
/// <param name="Points">When something was heard.</param>
internal sealed record UsageSeries(string Credential, IReadOnlyList<UsagePoint> Points);

/// <summary>How it stood then.</summary>
/// <param name="At">When.</param>
/// <param name="UsedPercent">By limit; a limit that nothing was said of is missing.</param>
/// <param name="Quota">Its money, where it has any.</param>
internal sealed record UsagePoint(DateTimeOffset At, IReadOnlyDictionary<string, double> UsedPercent, QuotaView? Quota)
{
    public static UsagePoint Of(HistoryEntry entry) => new(
        entry.At,
        entry.Limits.Windows.Where(window => window.Utilization is not null).DistinctBy(window => window.Name, StringComparer.Ordinal).ToDictionary(window => window.Name, window => Math.Round(window.Utilization!.Value * 100, 1), StringComparer.Ordinal),
        PoolViews.QuotaOf(entry.Limits.Credit));
}
