using Trinity.ControlPlane.AutoSwitch;
using static Trinity.ControlPlane.Tests.AutoSwitch.Candidates;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

/// <summary>AS-9, AS-10, AS-15: two questions of one subscription, and what ends a failure early.</summary>
public sealed class SubscriptionHealthTests
{
    private static readonly Candidate Plain = Unknown("a");

    /// <summary>Case, subscription, whether it is at its limit, whether it is skipped.</summary>
    private static readonly (string Case, Candidate Candidate, bool Limited, bool Skipped)[] Cases =
    [
        ("nothing known", Plain, false, false),
        ("limit a minute ago", Plain.Failed(FailureKind.RateLimit, 1), true, true),
        ("limit just within two hours", Plain.Failed(FailureKind.RateLimit, 119), true, true),
        ("limit two hours ago", Plain.Failed(FailureKind.RateLimit, 120), false, false),

        // AS-15: any kind keeps agents away, one kind alone is a limit
        ("token refused", Plain.Failed(FailureKind.Auth, 1), false, true),
        ("an earlier token refused", Plain.Failed(FailureKind.Auth, 1, fingerprint: "earlier"), false, false),
        ("an earlier token at the limit, which is the account's", Plain.Failed(FailureKind.RateLimit, 1, fingerprint: "earlier"), true, true),
        ("token refused before a limit that is over", Plain.Failed(FailureKind.Auth, 60).Failed(FailureKind.RateLimit, 30, resetsInMinutes: -5), false, true),

        // AS-10: positive evidence
        ("limit reset since", Plain.Failed(FailureKind.RateLimit, 60, resetsInMinutes: -5), false, false),
        ("limit resets later", Plain.Failed(FailureKind.RateLimit, 60, resetsInMinutes: 5), true, true),
        ("reset of before the failure proves nothing", Plain.Failed(FailureKind.RateLimit, 60, resetsInMinutes: -61), true, true),
        ("the provider's wish for a pause is no reset", Plain.Failed(FailureKind.RateLimit, 60, retryInMinutes: -59), true, true),
        ("a reset is nothing to a refused token", Plain.Failed(FailureKind.Auth, 60, resetsInMinutes: -5), false, true),
        ("the window heard of has reset since", Plain.Failed(FailureKind.RateLimit, 60).Heard("rejected", 60, resetsInMinutes: -5), false, false),
        ("serves since", Plain.Failed(FailureKind.RateLimit, 60).Heard("allowed", 10), false, false),
        ("serves with a warning since", Plain.Failed(FailureKind.Auth, 60).Heard("allowed_warning", 10), false, false),
        ("served before the failure", Plain.Failed(FailureKind.RateLimit, 10).Heard("allowed", 20), false, true),
        ("said to serve with the failure itself", Plain.Failed(FailureKind.RateLimit, 10).Heard("allowed", 10), false, true),
        ("served, but that is old", Plain.Failed(FailureKind.RateLimit, 60).Heard("allowed", 31), true, true),
        ("another token serves", Plain.Failed(FailureKind.RateLimit, 60).Heard("allowed", 10, fingerprint: "earlier"), true, true),

        // a fresh refusal drops a candidate without any failure of ours
        ("refused", Plain.Heard("rejected", 29), true, true),
        ("refused, but that is old", Plain.Heard("rejected", 31), false, false),
        ("refused, and reset since", Plain.Heard("rejected", 20, resetsInMinutes: -1), false, false),
        ("a status that we do not know", Plain.Heard("suspended", 1), true, true),

        ("token that cannot be decrypted", Plain with { IsUsable = false }, false, true),
    ];

    public static TheoryData<string> Names { get; } = [.. Cases.Select(each => each.Case)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Subscription_IsLimitedAndSkipped_ByWhatIsKnown(string name)
    {
        var (_, candidate, limited, skipped) = Cases.Single(each => each.Case == name);

        Assert.Equal(limited, SubscriptionHealth.WhyLimited(candidate, Now) is not null);
        Assert.Equal(skipped, SubscriptionHealth.WhySkipped(candidate, Now) is not null);
    }

    [Fact]
    public void Used_IsTheFullerWindow_WhileItIsKnown()
    {
        Assert.Equal(0.7, SubscriptionHealth.Used(Plain.Heard("allowed", 1, fiveHour: 0.2, sevenDay: 0.7), Now));
        Assert.Equal(0.8, SubscriptionHealth.Used(Plain.Heard("allowed", 1, fiveHour: 0.8, sevenDay: 0.7), Now));
        Assert.Equal(0.7, SubscriptionHealth.Used(Plain.Heard("allowed", 31, fiveHour: 0.8, sevenDay: 0.7), Now)); // the week's grows only
        Assert.Equal(0.1, SubscriptionHealth.Used(Plain.Heard("allowed", 1, fiveHour: 0.8, sevenDay: 0.1, resetsInMinutes: -1), Now));
        Assert.Null(SubscriptionHealth.Used(Plain.Heard("allowed", 31, fiveHour: 0.8), Now));
        Assert.Null(SubscriptionHealth.Used(Plain.Heard("allowed", 1, fiveHour: double.NaN), Now));
        Assert.Null(SubscriptionHealth.Used(Plain.Heard("allowed", 1, fiveHour: 0.8, fingerprint: "earlier"), Now));
        Assert.Null(SubscriptionHealth.Used(Plain, Now));
    }

    [Fact] // AS-19
    public void ServesAgainAt_IsTheResetElseThePause_WhileItIsAhead()
    {
        Assert.Equal(Now.AddMinutes(30), SubscriptionHealth.ServesAgainAt(Plain.Failed(FailureKind.RateLimit, 1, resetsInMinutes: 30, retryInMinutes: 5), Now));
        Assert.Equal(Now.AddMinutes(5), SubscriptionHealth.ServesAgainAt(Plain.Failed(FailureKind.RateLimit, 1, retryInMinutes: 5), Now));
        Assert.Equal(Now.AddMinutes(60), SubscriptionHealth.ServesAgainAt(Plain.Heard("rejected", 1), Now));
        Assert.Null(SubscriptionHealth.ServesAgainAt(Plain.Failed(FailureKind.RateLimit, 30, resetsInMinutes: -5), Now));
        Assert.Null(SubscriptionHealth.ServesAgainAt(Plain.Failed(FailureKind.Auth, 1, retryInMinutes: 5), Now));
        Assert.Null(SubscriptionHealth.ServesAgainAt(Plain, Now));
    }
}
