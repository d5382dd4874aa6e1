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

        var judged = candidates.Select(candidate => new Judged(candidate, WhyNot(candidate, trigger, now), SubscriptionHealth.Used(candidate, now))).ToList();
        var ranked = Ranked(judged);
        IReadOnlyList<CandidateVerdict> verdicts =
        [
            .. ranked.Select((each, index) => new CandidateVerdict(each.Candidate.Name, index == 0 ? "chosen" : "viable", Describe(each))),
            .. judged.Where(each => each.WhyNot is not null).Select(each => new CandidateVerdict(each.Candidate.Name, "skipped", each.WhyNot!)),
        ];
        if (ranked.Count > 0)
        {
            return new SwitchPlan(SwitchAction.Switch, $"{ranked[0].Candidate.Name} is the best of {ranked.Count}: {Describe(ranked[0])}") { Target = ranked[0].Candidate, Candidates = verdicts };
        }

        var earliest = candidates.Min(candidate => SubscriptionHealth.ServesAgainAt(candidate, now));
        whyNoApiKey = settings.SubscriptionApiKeyFallback ? whyNoApiKey : "going on with the provider's own keys is turned off in the settings";
        return whyNoApiKey is null
            ? new SwitchPlan(SwitchAction.FallBack, "No other subscription can be used; the provider's own keys can.") { Candidates = verdicts, EarliestReset = earliest }
            : new SwitchPlan(SwitchAction.NoAlternative, $"No other subscription can be used, and {whyNoApiKey}.") { Candidates = verdicts, EarliestReset = earliest };
    }

    /// <summary>The subscription for an agent that has none yet; null: none may be given out now.</summary>
    public static Candidate? Best(IReadOnlyList<Candidate> candidates, DateTimeOffset now) =>
        Ranked([.. candidates.Select(candidate => new Judged(candidate, SubscriptionHealth.WhySkipped(candidate, now), SubscriptionHealth.Used(candidate, now)))]) is [var best, ..] ? best.Candidate : null;

    private static List<Judged> Ranked(IReadOnlyList<Judged> judged) => judged
        .Where(each => each.WhyNot is null)
        .OrderBy(each => each.Used is null) // what is measured goes before what is not
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
        : SubscriptionHealth.WhySkipped(candidate, now);

    private static string Describe(Judged each) => string.Create(
        CultureInfo.InvariantCulture,
        $"{(each.Used is { } used ? $"{Math.Round(used * 100)} % used" : "use unknown")}, {each.Candidate.Agents} agents.");

    private sealed record Judged(Candidate Candidate, string? WhyNot, double? Used);
}
