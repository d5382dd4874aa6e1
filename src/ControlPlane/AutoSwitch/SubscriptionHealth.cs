using System.Globalization;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>What is known of a subscription at one moment, as two questions that are never mixed: is it at its limit, and may an agent be moved to it.</summary>
/// <remarks>Pure. A failure steers for <see cref="SkipWindow"/>, which is all that keeps agents from going round; only positive evidence ends it earlier.</remarks>
internal static class SubscriptionHealth
{
    public static readonly TimeSpan SkipWindow = TimeSpan.FromHours(2);

    /// <summary>So far below its ceiling must be what agents are moved to from a subscription that still serves; without it two that are about equally full would send them to and fro.</summary>
    public const int HysteresisPercent = 10;

    /// <summary>How long a provider's verdict, and what it said of the five-hour window, are worth something.</summary>
    public static readonly TimeSpan FreshFor = KnownLimits.FreshFor;

    /// <summary>Why the subscription is at its limit now; null: it is not, as far as is known. Failures of other kinds do not count.</summary>
    public static string? WhyLimited(Candidate candidate, DateTimeOffset now)
    {
        if (Verdict(candidate, now) is { } isRefused)
        {
            return isRefused ? Refusal(candidate, now) : null;
        }

        var failure = candidate.Failures.Where(failure => failure.Kind == FailureKind.RateLimit && IsRecent(failure, now)).MaxBy(failure => failure.OccurredAt);
        return failure is null || HasReset(candidate, failure, now) ? null : $"It reached its limit {Ago(failure.OccurredAt, now)}.";
    }

    /// <summary>Why no agent may be moved to the subscription now; null: one may. Failures of any kind count, whoever met them.</summary>
    public static string? WhySkipped(Candidate candidate, DateTimeOffset now)
    {
        if (!candidate.IsUsable)
        {
            return "Its token cannot be decrypted.";
        }

        if (Verdict(candidate, now) == true)
        {
            return Refusal(candidate, now);
        }

        foreach (var failure in candidate.Failures.Where(failure => IsRecent(failure, now)).OrderByDescending(failure => failure.OccurredAt))
        {
            var isOver = failure.Kind == FailureKind.RateLimit ? HasReset(candidate, failure, now) : IsOfAnotherToken(candidate, failure);
            if (!isOver && !ServesSince(candidate, failure, now))
            {
                return $"It {FailureKinds.Describe(failure.Kind)} {Ago(failure.OccurredAt, now)}.";
            }
        }

        return null;
    }

    /// <summary>Why no new work is given to the subscription; null: it is. What runs on it goes on.</summary>
    public static string? WhyNoNewWork(Candidate candidate, DateTimeOffset now) => WhySkipped(candidate, now) ?? WhyOverCeiling(candidate, now);

    /// <summary>Why the subscription is too full for new work, although it still serves.</summary>
    public static string? WhyOverCeiling(Candidate candidate, DateTimeOffset now) => Used(candidate, now) is { } used && used * 100 >= candidate.SoftCeilingPercent
        ? string.Create(CultureInfo.InvariantCulture, $"It is {Math.Floor(used * 100)} % used, and takes no new work from {candidate.SoftCeilingPercent} %.")
        : null;

    /// <summary>Whether it is worth leaving another subscription for, before that one has failed: not when the agent would soon have to leave this one too.</summary>
    public static bool IsWellBelowCeiling(Candidate candidate, DateTimeOffset now) => Used(candidate, now) is not { } used || used * 100 < candidate.SoftCeilingPercent - HysteresisPercent;

    /// <summary>The fuller of the windows, as a fraction; null: not known now.</summary>
    public static double? Used(Candidate candidate, DateTimeOffset now) => Heard(candidate)?.Limits.Windows
        .Where(window => window.Name is PlanWindows.FiveHour or PlanWindows.SevenDay)
        .Max(window => candidate.Headroom!.UsedNow(window, now));

    /// <summary>When the subscription is known to serve again; null: not known.</summary>
    public static DateTimeOffset? ServesAgainAt(Candidate candidate, DateTimeOffset now)
    {
        var limit = candidate.Failures.Where(failure => failure.Kind == FailureKind.RateLimit).MaxBy(failure => failure.OccurredAt);
        var time = limit?.ResetsAt ?? Heard(candidate)?.Limits.ServesAgainAt ?? limit?.RetryAt;
        return time > now ? time : null;
    }

    /// <summary>What the provider said a short time ago: true, it refuses; false, it serves; null: nothing.</summary>
    private static bool? Verdict(Candidate candidate, DateTimeOffset now)
    {
        if (Heard(candidate) is not { Limits.Status: { } status } headroom || now - headroom.ObservedAt > FreshFor)
        {
            return null;
        }

        return !PlanLimits.Refuses(status) ? false
            : headroom.Limits.ServesAgainAt <= now ? null
            : true;
    }

    // Positive evidence: the window that was full has begun anew since.
    private static bool HasReset(Candidate candidate, RecentFailure failure, DateTimeOffset now) =>
        (failure.ResetsAt ?? Heard(candidate)?.Limits.ServesAgainAt) is { } reset && reset <= now && reset > failure.OccurredAt;

    // Positive evidence: the provider has said since that it serves. What it said with the failure itself is none.
    private static bool ServesSince(Candidate candidate, RecentFailure failure, DateTimeOffset now) =>
        Verdict(candidate, now) == false && candidate.Headroom!.ObservedAt > failure.OccurredAt;

    // A token that was not accepted says nothing of its successor. A limit is the account's, and stays.
    private static bool IsOfAnotherToken(Candidate candidate, RecentFailure failure) => failure.Fingerprint is { } refused && refused != candidate.Fingerprint;

    private static bool IsRecent(RecentFailure failure, DateTimeOffset now) => failure.OccurredAt > now - SkipWindow;

    private static KnownLimits? Heard(Candidate candidate) => candidate.Headroom is { } headroom && headroom.Credential == candidate.Fingerprint ? headroom : null;

    private static string Refusal(Candidate candidate, DateTimeOffset now) => $"The provider refused it {Ago(candidate.Headroom!.ObservedAt, now)}.";

    private static string Ago(DateTimeOffset time, DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"{Math.Max(0, (int)(now - time).TotalMinutes)} minutes ago");
}
