namespace Trinity.Shared.Limits;

/// <summary>What a reply's headers said of limits.</summary>
public sealed record HeardLimits
{
    public required PlanLimits Limits { get; init; }

    /// <summary>Which headers said it.</summary>
    public required string Detail { get; init; }
}
