namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>A failure of a subscription, booked to what the task or the request had started on.</summary>
internal sealed record SubscriptionFailure
{
    /// <summary>Names the report, so that one that comes twice counts once.</summary>
    public required string ReportedAs { get; init; }

    /// <summary>Null: the token was used by a caller that is no agent of ours.</summary>
    public Guid? AgentId { get; init; }

    public string? Agent { get; init; }

    public required Guid SubscriptionId { get; init; }

    public required string Subscription { get; init; }

    /// <summary>The agent's credential generation.</summary>
    public long? Generation { get; init; }

    public string? Fingerprint { get; init; }

    public required FailureKind Kind { get; init; }

    /// <summary>One of <see cref="FailureSource"/>.</summary>
    public required string Source { get; init; }

    /// <summary>One short line without secrets.</summary>
    public required string Message { get; init; }

    /// <summary>When the limit's window begins anew.</summary>
    public DateTimeOffset? ResetsAt { get; init; }

    /// <summary>When the provider wants to be asked again.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    public required DateTimeOffset OccurredAt { get; init; }
}

/// <summary>Who saw a failure.</summary>
internal static class FailureSource
{
    public const string Task = "task";
    public const string Bridge = "bridge";

    /// <summary>Nothing failed yet: the subscription is known to be at its limit.</summary>
    public const string Dispatch = "dispatch";
}
