using Trinity.ControlPlane.AccountUsage.Accounts;
using Trinity.ControlPlane.AccountUsage.Asking;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Views;

/// <summary>Makes the view of a provider's keys.</summary>
internal static class PoolViews
{
    private const int MaxLabel = 64;

    public static PoolView Of(ProviderAccount account, UsageFacts facts)
    {
        var credentials = account.ProviderKeys.Select(key => Of(key.Id, key.Name ?? key.Hint, account.Dead.Contains(key.Id), facts)).ToList();
        return new PoolView
        {
            TotalCredentials = credentials.Count,
            QueriedCredentials = credentials.Count(key => key.ObservedAt is not null || key.RetryAt is not null),
            AvailableCredentials = credentials.Count(key => key.Status == PoolStatus.Available),
            ExhaustedCredentials = credentials.Count(key => key.Status == PoolStatus.Exhausted),
            FailedCredentials = credentials.Count(key => key.Status is PoolStatus.Failed or PoolStatus.Dead),
            NextResetAt = credentials.Where(key => key.Status == PoolStatus.Exhausted).Min(key => key.RetryAt),
            BestRemaining =
            [
                .. credentials
                    .Where(key => key.Status == PoolStatus.Available)
                    .SelectMany(key => key.Limits)
                    .Where(limit => limit.RemainingPercent is not null)
                    .GroupBy(limit => limit.Name, StringComparer.Ordinal)
                    .Select(limits => new BestRemaining(limits.Key, limits.Max(limit => limit.RemainingPercent!.Value))),
            ],
            Credentials = credentials,
        };
    }

    public static QuotaView? QuotaOf(PlanCredit? credit) => credit is null ? null : new QuotaView(credit.Unit, credit.Limit, credit.Used, credit.Remaining);

    private static PoolCredentialView Of(Guid id, string label, bool isDead, UsageFacts facts)
    {
        var key = ProviderAccount.KeyOf(id);
        var known = facts.KnownOf(key);
        var cooling = facts.Cooling.GetValueOrDefault(id);
        var refused = facts.ProbeOf(key, key)?.Verdict == UsageVerdicts.NameOf(UsageVerdict.InvalidCredential);
        return new PoolCredentialView
        {
            Id = id,
            Label = label.Length > MaxLabel ? label[..MaxLabel] : label,
            Status = isDead ? PoolStatus.Dead
                : cooling is { Reason: "unauthorized" } || refused ? PoolStatus.Failed
                : cooling is not null ? PoolStatus.Exhausted
                : PoolStatus.Available,
            Limits = known is null ? [] : LimitView.Of(known, facts.History[key], facts.Now),
            Quota = QuotaOf(known?.Limits.Credit),
            Message = isDead ? "It cannot be decrypted: the encryption key that made it is missing."
                : cooling is { Reason: "unauthorized" } || refused ? "The provider does not accept it."
                : cooling is not null ? "The provider has limited it."
                : facts.ProbeOf(key, key)?.Problem,
            RetryAt = cooling?.Until,
            ObservedAt = known?.ObservedAt,
        };
    }
}

internal static class PoolStatus
{
    public const string Available = "available";
    public const string Exhausted = "exhausted";
    public const string Failed = "failed";
    public const string Dead = "dead";
}
