namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>What would happen if a subscription failed now.</summary>
internal sealed record SimulationView
{
    public required string Subscription { get; init; }

    /// <summary><c>rate_limit</c> or <c>auth</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>In a sentence.</summary>
    public required string Summary { get; init; }

    /// <summary>How many agents would go to another subscription.</summary>
    public required int Switched { get; init; }

    /// <summary>How many would go on with their provider's own keys.</summary>
    public required int FallenBack { get; init; }

    /// <summary>How many would have to wait.</summary>
    public required int Stuck { get; init; }

    /// <summary>When the first of the refused subscriptions is known to serve again.</summary>
    public required DateTimeOffset? EarliestReset { get; init; }

    /// <summary>The running agents on the subscription, in the order of their names.</summary>
    public required IReadOnlyList<SimulatedAgent> Agents { get; init; }

    /// <summary>The other subscriptions, and how many agents each would have then.</summary>
    public required IReadOnlyList<SimulatedSubscription> Subscriptions { get; init; }

    public static SimulationView Of(Candidate failing, FailureKind kind, IReadOnlyList<SimulatedAgent> agents, IReadOnlyList<Candidate> then, DateTimeOffset now)
    {
        var (switched, fallenBack) = (agents.Count(agent => agent.Action == "switched"), agents.Count(agent => agent.Action == "api_key_fallback"));
        var stuck = agents.Count - switched - fallenBack;
        return new SimulationView
        {
            Subscription = failing.Name,
            Kind = FailureKinds.NameOf(kind),
            Summary = agents.Count == 0
                ? $"Nobody would notice: no running agent is on {failing.Name}."
                : $"Of {agents.Count} agents on {failing.Name}, {switched} would move to another subscription, {fallenBack} would go on with their provider's own keys, and {stuck} would wait.",
            Switched = switched,
            FallenBack = fallenBack,
            Stuck = stuck,
            EarliestReset = then.Min(candidate => SubscriptionHealth.ServesAgainAt(candidate, now)),
            Agents = agents,
            Subscriptions = [.. then.Where(candidate => candidate.Id != failing.Id).Select(candidate => new SimulatedSubscription(candidate.Name, candidate.Agents, SubscriptionHealth.WhyNoNewWork(candidate, now)))],
        };
    }
}

/// <summary>What would happen to an agent.</summary>
/// <param name="Agent">Its name.</param>
/// <param name="Action"><c>switched</c>, <c>api_key_fallback</c>, <c>no_alternative</c> or <c>off</c>.</param>
/// <param name="NewSubscription">Where it would go; null: nowhere, or to its provider's own keys.</param>
/// <param name="Reason">Why, in a sentence.</param>
internal sealed record SimulatedAgent(string Agent, string Action, string? NewSubscription, string Reason);

/// <summary>What another subscription would have then.</summary>
/// <param name="Subscription">Its name.</param>
/// <param name="Agents">How many agents.</param>
/// <param name="WhyNoNewWork">Why it takes no new work; null: it does.</param>
internal sealed record SimulatedSubscription(string Subscription, int Agents, string? WhyNoNewWork);
