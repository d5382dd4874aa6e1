using Trinity.ControlPlane.AccountUsage.Accounts;
using Trinity.ControlPlane.AccountUsage.Asking;
using Trinity.ControlPlane.AccountUsage.History;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Views;

/// <summary>All that is known of a page of accounts at one moment.</summary>
internal sealed record UsageFacts
{
    public required DateTimeOffset Now { get; init; }

    /// <summary>By credential.</summary>
    public required ILookup<string, LimitsReading> Readings { get; init; }

    /// <summary>By account.</summary>
    public required IReadOnlyDictionary<string, ProbeRow> Probes { get; init; }

    /// <summary>The last hour's, by account.</summary>
    public required ILookup<string, HistoryEntry> History { get; init; }

    /// <summary>By provider key.</summary>
    public required IReadOnlyDictionary<Guid, CoolingKey> Cooling { get; init; }


    /// <summary>The accounts that are being asked about.</summary>
    public IReadOnlySet<string> Refreshing { get; init; } = new HashSet<string>(StringComparer.Ordinal);

    public KnownLimits? KnownOf(string credential) => KnownLimits.Of(Readings[credential]);

    /// <summary>When something was heard last of how much of the account is left; rates of minutes say nothing of that.</summary>
    public DateTimeOffset? ToldAt(string credential) => Readings[credential]
        .Where(reading => reading.Limits is { Status: not null } or { Credit: not null } || reading.Limits.Windows.Any(window => !PlanWindows.IsRate(window.Name)))
        .Max(reading => (DateTimeOffset?)reading.ObservedAt);

    /// <summary>The last probe, unless it was of a credential that the account no longer has.</summary>
    public ProbeRow? ProbeOf(string account, string credential) => Probes.GetValueOrDefault(account) is { } row && row.Credential == credential ? row : null;
}
