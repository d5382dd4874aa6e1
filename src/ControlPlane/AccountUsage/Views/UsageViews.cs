using System.Globalization;
using Trinity.ControlPlane.AccountUsage.Accounts;
using Trinity.ControlPlane.AccountUsage.Asking;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.Shared.Configuration;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Views;

/// <summary>Makes the views of accounts from what is known of them. Pure.</summary>
internal static class UsageViews
{
    public static AccountUsageView Of(UsageAccount account, UsageFacts facts) => account switch
    {
        SubscriptionAccount subscription => Of(subscription, facts),
        ProviderAccount provider => Of(provider, facts),
        HomeAccount home => Of(home, facts),
        _ => throw new ArgumentOutOfRangeException(nameof(account)),
    };

    private static AccountUsageView Of(SubscriptionAccount account, UsageFacts facts)
    {
        var candidate = account.Candidate;
        var known = facts.KnownOf(candidate.Fingerprint);
        var probe = facts.ProbeOf(account.Key, candidate.Fingerprint);
        var limited = SubscriptionHealth.WhyLimited(candidate, facts.Now);
        var whyNot = SubscriptionHealth.WhyNoNewWork(candidate, facts.Now);
        var (status, message) = !candidate.IsUsable ? (UsageStatus.Unavailable, "Its token cannot be decrypted: the encryption key that made it is missing. Register the subscription again.")
            : IsRefused(probe, known) ? (UsageStatus.InvalidKey, probe!.Problem)
            : limited is not null ? (UsageStatus.Limited, limited)
            : StatusOf(known, probe, facts.Now);
        return Of(account, UsageAccount.Subscription, ProviderTypes.Anthropic, known, account.Key, status, message, facts) with
        {
            Plan = known?.Limits.Plan ?? candidate.Row?.Type,
            ServesAgainAt = limited is null ? null : SubscriptionHealth.ServesAgainAt(candidate, facts.Now),
            Placement = new PlacementView(whyNot is null, whyNot, candidate.SoftCeilingPercent, candidate.Agents),
        };
    }

    private static AccountUsageView Of(HomeAccount account, UsageFacts facts)
    {
        var known = facts.KnownOf(account.Fingerprint);
        var probe = facts.ProbeOf(account.Id, account.Fingerprint);
        var (status, message) = account.Problem is { } problem ? (UsageStatus.NoKey, problem)
            : IsRefused(probe, known) ? (UsageStatus.InvalidKey, probe!.Problem)
            : StatusOf(known, probe, facts.Now);
        return Of(account, UsageAccount.Home, account.Channel, known, account.Id, status, message, facts) with { Plan = known?.Limits.Plan ?? account.Plan };
    }

    private static AccountUsageView Of(ProviderAccount account, UsageFacts facts)
    {
        var pool = PoolViews.Of(account, facts);
        var (status, message) = account switch
        {
            { Row.Enabled: false } => (UsageStatus.Unavailable, "The provider is disabled."),
            { ProviderKeys.Count: 0, Row.Type: ProviderTypes.OpenAiCompatible } => (UsageStatus.Unsupported, "A provider without a key has no limits that could be known."),
            { ProviderKeys.Count: 0 } => (UsageStatus.NoKey, "The provider has no key."),
            _ when pool.AvailableCredentials > 0 && pool.QueriedCredentials == 0 => (UsageStatus.Unknown, "Nothing was heard of its keys' limits yet: that takes a request through a bridge."),
            _ when pool.AvailableCredentials > 0 => (UsageStatus.Available, null),
            _ when pool.ExhaustedCredentials > 0 => (UsageStatus.Limited, "All keys that the provider accepts are at their limit."),
            _ => (UsageStatus.InvalidKey, (string?)"The provider accepts none of the keys."),
        };
        // Each key has limits of its own; the account's are those of the key that requests go to first.
        var first = account.ProviderKeys.Zip(pool.Credentials).FirstOrDefault(pair => pair.Second.Status == PoolStatus.Available).First;
        var key = first is null ? "" : ProviderAccount.KeyOf(first.Id);
        var view = Of(account, UsageAccount.Provider, account.Row.Type, facts.KnownOf(key), key, status, message, facts) with
        {
            Pool = pool,
            ServesAgainAt = status == UsageStatus.Limited ? pool.NextResetAt : null,
        };
        return view with { Label = LabelOf(view) };
    }

    private static AccountUsageView Of(UsageAccount account, string kind, string provider, KnownLimits? known, string key, string status, string? message, UsageFacts facts)
    {
        var limits = known is null ? [] : LimitView.Of(known, facts.History[key], facts.Now);
        var view = new AccountUsageView
        {
            Id = account.Id,
            Kind = kind,
            Provider = provider,
            Status = status,
            Label = "",
            Message = message,
            Plan = known?.Limits.Plan,
            Limits = limits,
            Quota = PoolViews.QuotaOf(known?.Limits.Credit),
            Source = known?.Source,
            ObservedAt = known?.ObservedAt,
            AgeSeconds = known is null ? null : Math.Round(Math.Max(0, (facts.Now - known.ObservedAt).TotalSeconds), 1),
            Refreshing = account.Subjects.Any(subject => facts.Refreshing.Contains(subject.Account)),
            ServesAgainAt = status == UsageStatus.Limited ? known?.Limits.ServesAgainAt : null,
        };
        return view with { Label = LabelOf(view) };
    }

    // Fresh figures, or a verdict of the provider's, are needed to call an account available; old ones are unknown, not good.
    private static (string Status, string? Message) StatusOf(KnownLimits? known, ProbeRow? probe, DateTimeOffset now) => known switch
    {
        not null when known.Limits.Windows.Any(window => (window.Refuses || known.UsedNow(window, now) >= 1) && !(window.ResetsAt <= now)) => (UsageStatus.Limited, "A limit is used up."),
        not null when known.Limits.Windows.Any(window => known.UsedNow(window, now) is not null) || now - known.ObservedAt <= KnownLimits.FreshFor => (UsageStatus.Available, probe?.Problem),
        not null => (UsageStatus.Unknown, probe?.Problem ?? "What was heard is too old to say anything of now."),
        null => probe?.Verdict switch
        {
            null => (UsageStatus.Unknown, "Nothing was heard of its limits yet."),
            "unsupported" => (UsageStatus.Unsupported, probe.Problem),
            "no_credential" => (UsageStatus.NoKey, probe.Problem),
            _ => (UsageStatus.Unknown, probe.Problem ?? "The provider told nothing of its limits."),
        },
    };

    // What a reply told of limits after that proves that the credential was accepted again.
    private static bool IsRefused(ProbeRow? probe, KnownLimits? known) =>
        probe?.Verdict == UsageVerdicts.NameOf(UsageVerdict.InvalidCredential) && !(known?.ObservedAt.UtcDateTime > probe.StartedAt);

    private static string LabelOf(AccountUsageView view) => view switch
    {
        { Binding: { RemainingPercent: { } left } binding } => string.Create(CultureInfo.InvariantCulture, $"{binding.Label}: {left:0.#} % left"),
        { Binding: { } binding } => $"{binding.Label}: used up",
        { Quota: { Unit: PlanCredit.Dollars, Remaining: { } left } } => string.Create(CultureInfo.InvariantCulture, $"${left:0.00} left"),
        { Quota.Remaining: { } left } => string.Create(CultureInfo.InvariantCulture, $"{left:0.##} credits left"),
        { Pool: { TotalCredentials: > 0 } pool } => string.Create(CultureInfo.InvariantCulture, $"{pool.AvailableCredentials} of {pool.TotalCredentials} keys available"),
        _ => view.Status.Replace('_', ' '),
    };
}

/// <summary>An account's status as the API writes it.</summary>
internal static class UsageStatus
{
    public const string Available = "available";
    public const string Limited = "limited";
    public const string Unknown = "unknown";
    public const string Unavailable = "unavailable";
    public const string NoKey = "no_key";
    public const string InvalidKey = "invalid_key";
    public const string Unsupported = "unsupported";
}
