using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.Settings;
using static Trinity.ControlPlane.Tests.AutoSwitch.Candidates;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

public sealed class SwitchDeciderTests
{
    private static readonly Candidate Current = Unknown("current");

    /// <summary>AS-9, AS-10: what there is, and in which order it would be taken.</summary>
    private static readonly (string Case, Candidate[] Others, string[] Order)[] Rankings =
    [
        ("fewest agents first", [Unknown("a", 3), Unknown("b", 1), Unknown("c", 2)], ["b", "c", "a"]),
        ("then by name", [Unknown("c"), Unknown("a"), Unknown("b")], ["a", "b", "c"]),
        ("measured before unknown", [Unknown("a"), Measured("b", 0.79, agents: 9)], ["b", "a"]),
        ("over its ceiling only when nothing else is left", [Unknown("a", 9), Measured("b", 0.8), Measured("c", 0.79)], ["c", "a", "b"]),
        ("by its own ceiling", [Measured("a", 0.5) with { SoftCeilingPercent = 40 }, Measured("b", 0.7)], ["b", "a"]),
        ("by bands of ten points", [Measured("a", 0.35), Measured("b", 0.12), Measured("c", 0.29)], ["b", "c", "a"]),
        ("agents inside a band", [Measured("a", 0.31, 2), Measured("b", 0.39, 1)], ["b", "a"]),
        ("a nearly full one last", [Measured("a", 0.99), Measured("b", 0.5, agents: 40)], ["b", "a"]),
        ("the week's window counts too", [Unknown("a").Heard("allowed", 1, fiveHour: 0.1, sevenDay: 0.95), Measured("b", 0.4)], ["b", "a"]),
        ("recent failures of any kind are skipped", [Unknown("a").Failed(FailureKind.Auth, 5), Unknown("b").Failed(FailureKind.RateLimit, 5), Unknown("c")], ["c"]),
        ("a fresh refusal is skipped", [Unknown("a").Heard("rejected", 5, fiveHour: 0.1), Unknown("b")], ["b"]),
        ("the same token under another name is no alternative", [Unknown("a") with { Fingerprint = Current.Fingerprint }, Unknown("b")], ["b"]),
        ("unusable tokens are skipped", [Unknown("a") with { IsUsable = false }, Unknown("b")], ["b"]),
        ("a utilization beyond reason is a full one", [Measured("a", 1e300), Measured("b", 1.5)], ["b", "a"]),
    ];

    public static TheoryData<string> RankingNames { get; } = [.. Rankings.Select(each => each.Case)];

    [Theory]
    [MemberData(nameof(RankingNames))]
    public void Alternatives_AreRankedByEvidence(string name)
    {
        var (_, others, order) = Rankings.Single(each => each.Case == name);

        var plan = Decide([Current, .. others]);

        Assert.Equal((SwitchAction.Switch, order[0]), (plan.Action, plan.Target?.Name));
        Assert.Equal(order, plan.Candidates.Where(each => each.Verdict != "skipped").Select(each => each.Subscription));
        Assert.Equal(["current", .. others.Select(each => each.Name).Except(order)], plan.Candidates.Where(each => each.Verdict == "skipped").Select(each => each.Subscription));
        Assert.All(plan.Candidates, each => Assert.NotEmpty(each.Reason));
    }

    [Fact] // AS-7
    public void SettingIsOff_NothingIsDone() =>
        Assert.Equal(SwitchAction.Off, Decide([Current, Unknown("b")], settings: new OperatorSettings { AutoSwitchSubscriptions = false }).Action);

    [Fact] // AS-8
    public void AgentHasLeft_TheFailureIsStale()
    {
        Assert.Equal(SwitchAction.Stale, Decide([Current, Unknown("b")], new Assignment(IdOf("b"), 2)).Action);
        Assert.Equal(SwitchAction.Stale, Decide([Current, Unknown("b")], new Assignment(null, 2)).Action); // by api key, or nothing
    }

    [Fact] // HZ-3, HZ-13: left and come back, the failure is of before
    public void AgentHasComeBack_AFailureOfBefore_IsStale()
    {
        Assert.Equal(SwitchAction.Stale, Decide([Current, Unknown("b")], new Assignment(Current.Id, Since: 3), Trigger with { Generation = 1 }).Action);
        Assert.Equal(SwitchAction.Switch, Decide([Current, Unknown("b")], new Assignment(Current.Id, Since: 3), Trigger with { Generation = 3 }).Action);
    }

    [Fact] // the generation grew for another reason: the credential is the same
    public void CredentialIsTheSame_AnOlderGenerationCounts() =>
        Assert.Equal(SwitchAction.Switch, Decide([Current, Unknown("b")], new Assignment(Current.Id, Since: 1), Trigger with { Generation = 1 }).Action);

    [Fact]
    public void TokenWasRolledOver_AFailureOfTheOldOne_IsStale() =>
        Assert.Equal(SwitchAction.Stale, Decide([Current, Unknown("b")], trigger: Trigger with { Fingerprint = "earlier" }).Action);

    [Fact]
    public void FailureSeenTooLate_IsStale()
    {
        Assert.Equal(SwitchAction.Stale, Decide([Current, Unknown("b")], trigger: Trigger with { OccurredAt = MinutesAgo(120) }).Action);
        Assert.Equal(SwitchAction.Stale, Decide([Current, Unknown("b")], trigger: Trigger with { OccurredAt = MinutesAgo(20), ResetsAt = MinutesAgo(1) }).Action);
        Assert.Equal(SwitchAction.Switch, Decide([Current, Unknown("b")], trigger: Trigger with { OccurredAt = MinutesAgo(20), ResetsAt = MinutesAgo(-1) }).Action);
        Assert.Equal(SwitchAction.Switch, Decide([Current, Unknown("b")], trigger: Trigger with { Kind = FailureKind.Auth, OccurredAt = MinutesAgo(20), ResetsAt = MinutesAgo(1) }).Action);
    }

    [Fact] // AS-11, AS-19
    public void NoAlternative_FallsBackOrNamesTheEarliestReset()
    {
        Candidate[] all = [Current.Failed(FailureKind.RateLimit, 0, resetsInMinutes: 90), Unknown("b").Failed(FailureKind.RateLimit, 5, resetsInMinutes: 45), Unknown("c").Failed(FailureKind.Auth, 5)];

        var fallen = Decide(all);
        var keyless = Decide(all, whyNoApiKey: "its provider has no key of its own");
        var forbidden = Decide(all, settings: new OperatorSettings { SubscriptionApiKeyFallback = false });

        Assert.Equal((SwitchAction.FallBack, null), (fallen.Action, fallen.Target));
        Assert.Equal((SwitchAction.NoAlternative, Now.AddMinutes(45)), (keyless.Action, keyless.EarliestReset));
        Assert.Contains("its provider has no key", keyless.Reason, StringComparison.Ordinal);
        Assert.Equal(SwitchAction.NoAlternative, forbidden.Action);
        Assert.Contains("turned off", forbidden.Reason, StringComparison.Ordinal);
        Assert.Equal(3, keyless.Candidates.Count(each => each.Verdict == "skipped"));
    }

    [Theory] // AS-18 and the soft ceiling: nothing refuses yet, so only what is clearly better is worth it
    [InlineData(0.69, "switched")]
    [InlineData(0.70, "stays")]
    [InlineData(0.85, "stays")]
    public void OverItsCeiling_TheAgentIsMovedOnlyWellBelowAnother(double other, string action)
    {
        var plan = Decide([Measured("current", 0.82), Measured("b", other)], trigger: Trigger with { IsEarly = true });

        Assert.Equal(action, SwitchActions.NameOf(plan.Action));
        Assert.All(plan.Candidates, each => Assert.NotEmpty(each.Reason));
    }

    [Fact] // hysteresis: between two that are about equally full nobody goes to and fro
    public void TwoAboutEquallyFull_NobodyGoesToAndFro()
    {
        for (var used = 0.80; used < 0.90; used += 0.01)
        {
            Assert.Equal(SwitchAction.Stay, Decide([Measured("current", used), Measured("b", used - 0.05)], trigger: Trigger with { IsEarly = true }).Action);
        }
    }

    [Fact] // it still serves: no reason to spend on keys, or to alarm anybody
    public void OverItsCeiling_WithoutAnother_NeverFallsBack() =>
        Assert.Equal(SwitchAction.Stay, Decide([Measured("current", 0.95)], trigger: Trigger with { IsEarly = true }).Action);

    [Fact] // SB-8
    public void NewAgent_IsGivenNothingOverItsCeiling()
    {
        Assert.Equal("b", SwitchDecider.Place([Measured("a", 0.8), Measured("b", 0.79, agents: 5)], Now).Target?.Name);
        Assert.Equal("c", SwitchDecider.Place([Measured("a", 0.8), Unknown("c", 9)], Now).Target?.Name);
        Assert.Null(SwitchDecider.Place([Measured("a", 0.8), Measured("b", 0.99)], Now).Target);
        Assert.Equal("a", SwitchDecider.Place([Measured("a", 0.95) with { SoftCeilingPercent = 100 }], Now).Target?.Name);
    }

    [Fact] // AS-16: nothing but the two hours keeps agents from going round
    public void FailedSubscription_IsBackAfterTwoHours()
    {
        Assert.Equal(SwitchAction.FallBack, Decide([Current, Unknown("b").Failed(FailureKind.RateLimit, 119.9)]).Action);
        Assert.Equal("b", Decide([Current, Unknown("b").Failed(FailureKind.RateLimit, 120)]).Target?.Name);
    }

    private static SwitchTrigger Trigger { get; } = new()
    {
        SubscriptionId = Current.Id,
        Subscription = Current.Name,
        Generation = 1,
        Fingerprint = Current.Fingerprint,
        Kind = FailureKind.RateLimit,
        Source = FailureSource.Task,
        OccurredAt = Now,
    };

    private static SwitchPlan Decide(Candidate[] candidates, Assignment? current = null, SwitchTrigger? trigger = null, OperatorSettings? settings = null, string? whyNoApiKey = null) =>
        SwitchDecider.Decide(current ?? new Assignment(Current.Id, 1), trigger ?? Trigger, candidates, settings ?? OperatorSettings.Default, whyNoApiKey, Now);
}
