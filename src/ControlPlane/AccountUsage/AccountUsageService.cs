using Microsoft.Extensions.Options;
using Trinity.ControlPlane.AccountUsage.Accounts;
using Trinity.ControlPlane.AccountUsage.Asking;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.AccountUsage.History;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.ControlPlane.AccountUsage.Views;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Settings;

namespace Trinity.ControlPlane.AccountUsage;

/// <summary>Tells how much of each account is left: what live traffic said, and where there was none, what the provider says when asked.</summary>
/// <remarks>Looking never waits for a provider: what is old is served, and asked for anew meanwhile. Only who asks for a refresh waits for it.</remarks>
internal sealed class AccountUsageService(
    AccountSource accounts,
    LimitsStore limits,
    ProbeClaims claims,
    HistoryStore history,
    CoolingStore cooling,
    UsageAsker asker,
    UsageCache cache,
    SettingsStore settings,
    AccountUsageMetrics metrics,
    IOptions<AccountUsageOptions> options,
    TimeProvider time)
{
    /// <summary>All accounts.</summary>
    public async Task<IReadOnlyList<AccountUsageView>> ListAsync(bool refresh, CancellationToken cancellationToken)
    {
        var views = await LookAsync(await accounts.ListAsync(cancellationToken), refresh, cancellationToken);
        metrics.Seen(views.Select(view => (view.Kind, view.Status)));
        return views;
    }

    /// <summary>The subscriptions alone, by name: the others are not looked at, nor asked about.</summary>
    public async Task<IReadOnlyList<AccountUsageView>> ListSubscriptionsAsync(CancellationToken cancellationToken) =>
        await LookAsync([.. (await accounts.ListAsync(cancellationToken)).OfType<SubscriptionAccount>()], refresh: false, cancellationToken);

    public async Task<Outcome<AccountUsageView>> GetAsync(string id, bool refresh, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } account ? (await LookAsync([account], refresh, cancellationToken))[0] : Missing(id);

    /// <summary>How an account stood over time, in at most <see cref="MaxPoints"/> points.</summary>
    public async Task<Outcome<UsageHistoryView>> HistoryAsync(string id, TimeSpan span, CancellationToken cancellationToken)
    {
        if (await FindAsync(id, cancellationToken) is not { } account)
        {
            return Missing(id);
        }

        var step = TimeSpan.FromMinutes(Math.Max(1, Math.Ceiling(span.TotalMinutes / MaxPoints)));
        var keys = account.Keys.ToList();
        var entries = await history.ListAsync(keys, time.GetUtcNow() - span, step, cancellationToken);
        return UsageHistoryView.Of(account.Id, step, keys.Select(key => entries[key]));
    }

    public const int MaxPoints = 500;

    private static Problem Missing(string id) => Problem.NotFound($"There is no account '{id}'; GET /api/v1/account-usage lists them.");

    // A subscription goes by its id as well.
    private async Task<UsageAccount?> FindAsync(string id, CancellationToken cancellationToken) =>
        (await accounts.ListAsync(cancellationToken)).FirstOrDefault(account =>
            account.Id == id || (account is SubscriptionAccount subscription && Guid.TryParseExact(id, "D", out var guid) && subscription.Candidate.Id == guid));

    private async Task<IReadOnlyList<AccountUsageView>> LookAsync(IReadOnlyList<UsageAccount> wanted, bool refresh, CancellationToken cancellationToken)
    {
        var facts = await FactsAsync(wanted, cancellationToken);
        var ambient = refresh || (await settings.ReadAsync(cancellationToken)).SubscriptionHeadroomAutoRefresh;
        var due = ambient ? wanted.SelectMany(account => account.Subjects).Where(subject => IsDue(subject, facts, refresh)).ToList() : [];
        if (refresh && due.Count > 0)
        {
            await Task.WhenAll(due.Select(subject => asker.AskAsync(subject, cancellationToken)));
            wanted = await RenewAsync(wanted, cancellationToken);
            facts = await FactsAsync(wanted, cancellationToken);
        }
        else if (due.Count > 0)
        {
            due.ForEach(subject => _ = asker.AskInBackgroundAsync(subject));
        }

        var refreshing = wanted.SelectMany(account => account.Subjects).Where(subject => (!refresh && due.Contains(subject)) || IsUnderWay(facts.ProbeOf(subject.Account, subject.Credential), facts));
        facts = facts with { Refreshing = refreshing.Select(subject => subject.Account).ToHashSet(StringComparer.Ordinal) };

        foreach (var account in wanted)
        {
            metrics.Read(account.Credentials.SelectMany(credential => facts.Readings[credential]).MaxBy(reading => reading.ObservedAt)?.Source ?? "none");
        }

        return [.. wanted.Select(account => UsageViews.Of(account, facts))];
    }

    /// <summary>Whether the provider is worth asking: not when traffic tells, not when it was asked a moment ago, and where asking costs a request not just because somebody looks.</summary>
    private bool IsDue(UsageSubject subject, UsageFacts facts, bool refresh)
    {
        var told = facts.ToldAt(subject.Credential);
        var probe = facts.ProbeOf(subject.Account, subject.Credential);
        var age = facts.Now - (told ?? DateTimeOffset.MinValue);
        if (age < (refresh ? options.Value.RefreshFloor : options.Value.CacheFor) || IsResting(subject, facts))
        {
            return false;
        }

        if (refresh && IsUnderWay(probe, facts))
        {
            return true; // to wait for it, not to ask twice
        }

        if (probe is not null && facts.Now.UtcDateTime - probe.StartedAt < options.Value.RefreshFloor)
        {
            return false;
        }

        if (refresh)
        {
            return true;
        }

        if (cache.Find(subject.Key) is { } answer && cache.IsFresh(answer))
        {
            return false;
        }

        var isPaid = probe?.Paid ?? (subject.Channel == UsageChannels.Anthropic && told is not null); // of a token that was never asked about, and has traffic: it is most likely one that may not read its usage
        return !isPaid || facts.Now.UtcDateTime - (probe?.StartedAt ?? DateTime.MinValue) >= options.Value.PaidRefresh && age >= options.Value.PaidRefresh;
    }

    // Here or elsewhere. Who was killed while asking has asked for nothing any more.
    private bool IsUnderWay(ProbeRow? probe, UsageFacts facts) => probe is { Verdict: null } && facts.Now.UtcDateTime - probe.StartedAt < options.Value.ProbeTimeout;

    // A key that the provider limits is not asked about: its reset is known.
    private static bool IsResting(UsageSubject subject, UsageFacts facts) => facts.Cooling.Keys.Any(id => subject.Account == ProviderAccount.KeyOf(id));

    private async Task<IReadOnlyList<UsageAccount>> RenewAsync(IReadOnlyList<UsageAccount> wanted, CancellationToken cancellationToken)
    {
        var ids = wanted.Select(account => account.Id).ToHashSet(StringComparer.Ordinal);
        var renewed = (await accounts.ListAsync(cancellationToken)).Where(account => ids.Contains(account.Id)).ToList();
        return renewed.Count == wanted.Count ? renewed : wanted; // one was deleted meanwhile: then as it was
    }

    private async Task<UsageFacts> FactsAsync(IReadOnlyList<UsageAccount> wanted, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var keys = wanted.SelectMany(account => account.Keys).ToList();
        var probes = await claims.ListAsync(keys, cancellationToken); // before the readings: what a finished probe brought is there then
        return new UsageFacts
        {
            Now = now,
            Readings = await limits.ListAsync([.. wanted.SelectMany(account => account.Credentials)], cancellationToken),
            Probes = probes,
            History = await history.ListAsync(keys, now - BurnRate.Span, TimeSpan.FromMinutes(1), cancellationToken),
            Cooling = await cooling.ListAsync(cancellationToken),
        };
    }
}
