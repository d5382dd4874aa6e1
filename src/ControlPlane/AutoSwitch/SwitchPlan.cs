namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>What an agent works with now.</summary>
/// <param name="SubscriptionId">Null: no subscription.</param>
/// <param name="Since">The first of its generations, without a break up to now, with this very subscription and token.</param>
internal sealed record Assignment(Guid? SubscriptionId, long Since);

/// <summary>What a decision is about: a failure, or a limit that was known before anything failed.</summary>
internal sealed record SwitchTrigger
{
    public required Guid SubscriptionId { get; init; }

    public required string Subscription { get; init; }

    /// <summary>The generation that the failing task or request had started on.</summary>
    public required long Generation { get; init; }

    public string? Fingerprint { get; init; }

    public required FailureKind Kind { get; init; }

    /// <summary>One of <see cref="FailureSource"/>.</summary>
    public required string Source { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }

    public DateTimeOffset? ResetsAt { get; init; }

    /// <summary>Nothing refuses yet: the subscription is only too full for new work.</summary>
    public bool IsEarly { get; init; }

    /// <summary>As the API and metric labels write what it is about.</summary>
    public string KindName => IsEarly ? "soft_ceiling" : FailureKinds.NameOf(Kind);

    /// <summary>What is the matter with the subscription, for the middle of a sentence.</summary>
    public string Why => IsEarly ? "is too full for new work" : FailureKinds.Describe(Kind);
}

/// <summary>What is to be done.</summary>
internal enum SwitchAction
{
    /// <summary>Nothing: operators do not want it.</summary>
    Off,

    /// <summary>Nothing: the failure says nothing of what the agent works with now.</summary>
    Stale,

    Switch,

    /// <summary>To the provider's own keys.</summary>
    FallBack,

    NoAlternative,

    /// <summary>Nothing: the subscription still serves, and no other is better.</summary>
    Stay,
}

/// <summary>What is to be done, and why.</summary>
internal sealed record SwitchPlan(SwitchAction Action, string Reason)
{
    /// <summary>Where to; set with <see cref="SwitchAction.Switch"/>.</summary>
    public Candidate? Target { get; init; }

    /// <summary>Every subscription with the verdict on it.</summary>
    public IReadOnlyList<CandidateVerdict> Candidates { get; init; } = [];

    /// <summary>When the first of the refused subscriptions is known to serve again.</summary>
    public DateTimeOffset? EarliestReset { get; init; }
}

/// <param name="Subscription">Its name.</param>
/// <param name="Verdict"><c>chosen</c>, <c>viable</c> or <c>skipped</c>.</param>
/// <param name="Reason">In a sentence.</param>
internal sealed record CandidateVerdict(string Subscription, string Verdict, string Reason);
