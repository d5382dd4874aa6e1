using System.Globalization;
using Trinity.ControlPlane.Settings;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Decides what follows from a failure. Pure: all that it knows is handed to it, and each thing that it decides has its reason beside it.</summary>
internal static class SwitchDecider
{
    private const int Bands = 10; // of ten points each

    public static SwitchPlan Decide(Assignment current, SwitchTrigger trigger, IReadOnlyList<Candidate> candidates, OperatorSettings settings, string? whyNoApiKey, DateTimeOffset now)
    {
        if (!settings.AutoSwitchSubscriptions)
        {
            return new SwitchPlan(SwitchAction.Off, "Switching by itself is turned off in the settings.");
        }

        if (WhyStale(current, trigger, candidates) is { } stale)
        {
            return new SwitchPlan(SwitchAction.Stale, stale);
        }

        if (WhyOver(trigger, now) is { } over)
        {
            return new SwitchPlan(SwitchAction.Stale, over);
        }

        var (best, verdicts, reason) = Rank([.. candidates.Select(candidate => Judge(candidate, WhyNot(candidate, trigger, now), now))]);
        if (best is not null)
        {
            return new SwitchPlan(SwitchAction.Switch, reason) { Target = best, Candidates = verdicts };
        }

        if (trigger.IsEarly)
        {
            return new SwitchPlan(SwitchAction.Stay, "No other subscription is far enough below its ceiling, and this one still serves.") { Candidates = verdicts };
        }

        var earliest = candidates.Min(candidate => SubscriptionHealth.ServesAgainAt(candidate, now));
        whyNoApiKey = settings.SubscriptionApiKeyFallback ? whyNoApiKey : "going on with the provider's own keys is turned off in the settings";
        return whyNoApiKey is null
            ? new SwitchPlan(SwitchAction.FallBack, "No other subscription can be used; the provider's own keys can.") { Candidates = verdicts, EarliestReset = earliest }
            : new SwitchPlan(SwitchAction.NoAlternative, $"No other subscription can be used, and {whyNoApiKey}.") { Candidates = verdicts, EarliestReset = earliest };
    }

    /// <summary>The subscription for an agent that has none yet; without a target, none takes new work now.</summary>
    public static SwitchPlan Place(IReadOnlyList<Candidate> candidates, DateTimeOffset now)
    {
        var (best, verdicts, reason) = Rank([.. candidates.Select(candidate => Judge(candidate, SubscriptionHealth.WhyNoNewWork(candidate, now), now))]);
        return new SwitchPlan(best is null ? SwitchAction.NoAlternative : SwitchAction.Switch, reason) { Target = best, Candidates = verdicts };
    }

    // The best, what is to be said of each, and in a sentence why it is the best.
    private static (Candidate? Best, IReadOnlyList<CandidateVerdict> Verdicts, string Reason) Rank(IReadOnlyList<Judged> judged)
    {
        var ranked = Ranked(judged);
        IReadOnlyList<CandidateVerdict> verdicts =
        [
            .. ranked.Select((each, index) => new CandidateVerdict(each.Candidate.Name, index == 0 ? "chosen" : "viable", Describe(each))),
            .. judged.Where(each => each.WhyNot is not null).Select(each => new CandidateVerdict(each.Candidate.Name, "skipped", each.WhyNot!)),
        ];
        return ranked is [var best, ..]
            ? (best.Candidate, verdicts, $"{best.Candidate.Name} is the best of {ranked.Count}: {Describe(best)}")
            : (null, verdicts, "No subscription takes new work now.");
    }

    private static List<Judged> Ranked(IReadOnlyList<Judged> judged) => judged
        .Where(each => each.WhyNot is null)
        .OrderBy(each => each.IsOverCeiling) // full ones only for work that has nowhere else to go
        .ThenBy(each => each.Used is null) // what is measured goes before what is not
        .ThenBy(each => each.Used is { } used ? (int)(Math.Clamp(used, 0, Bands) * Bands) : 0)
        .ThenBy(each => each.Candidate.Agents)
        .ThenBy(each => each.Candidate.Name, StringComparer.Ordinal)
        .ToList();

    /// <summary>Whose failure it is decides, never who failed last: what the agent works with now may have nothing to do with it.</summary>
    private static string? WhyStale(Assignment current, SwitchTrigger trigger, IReadOnlyList<Candidate> candidates)
    {
        if (current.SubscriptionId != trigger.SubscriptionId)
        {
            return $"The agent has left {trigger.Subscription} since.";
        }

        if (trigger.Generation < current.Since)
        {
            return string.Create(CultureInfo.InvariantCulture, $"It began on generation {trigger.Generation}; the agent was given this credential anew with generation {current.Since}.");
        }

        var token = candidates.FirstOrDefault(candidate => candidate.Id == trigger.SubscriptionId)?.Fingerprint;
        return trigger.Fingerprint is { } refused && token is not null && refused != token ? $"{trigger.Subscription} has had another token since." : null;
    }

    private static string? WhyOver(SwitchTrigger trigger, DateTimeOffset now) =>
        trigger.OccurredAt <= now - SubscriptionHealth.SkipWindow ? "It was seen too late to say anything of now."
        : trigger is { Kind: FailureKind.RateLimit, ResetsAt: { } reset } && reset <= now && reset > trigger.OccurredAt ? "The limit has been reset since."
        : null;

    private static string? WhyNot(Candidate candidate, SwitchTrigger trigger, DateTimeOffset now) =>
        candidate.Id == trigger.SubscriptionId ? "It is the one to leave."
        : candidate.Fingerprint == trigger.Fingerprint ? $"It has the same token as {trigger.Subscription}."
        : SubscriptionHealth.WhySkipped(candidate, now)
            ?? (trigger.IsEarly && !SubscriptionHealth.IsWellBelowCeiling(candidate, now) ? $"It is too full as well: {Share(SubscriptionHealth.Used(candidate, now))}." : null);

    private static Judged Judge(Candidate candidate, string? whyNot, DateTimeOffset now) =>
        new(candidate, whyNot, SubscriptionHealth.Used(candidate, now), SubscriptionHealth.WhyOverCeiling(candidate, now) is not null);

    private static string Describe(Judged each) => string.Create(
        CultureInfo.InvariantCulture,
        $"{Share(each.Used)}, {each.Candidate.Agents} agents{(each.IsOverCeiling ? $", over its ceiling of {each.Candidate.SoftCeilingPercent} %" : "")}.");

    private static string Share(double? used) => used is { } fraction ? string.Create(CultureInfo.InvariantCulture, $"{Math.Round(fraction * 100)} % used") : "use unknown";

    private sealed record Judged(Candidate Candidate, string? WhyNot, double? Used, bool IsOverCeiling);
}
