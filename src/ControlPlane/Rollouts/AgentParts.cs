namespace Trinity.ControlPlane.Rollouts;

/// <summary>The agents' parts in a rollout.</summary>
/// <param name="Concerned">Those that were to get another credential by it.</param>
/// <param name="Holders">Others that were ever given a retired credential: they had left it before, or have it by something else that is configured.</param>
internal sealed record AgentParts(IReadOnlyList<RolloutAgentView> Concerned, IReadOnlyList<RolloutAgentView> Holders)
{
    public static AgentParts Of(RolloutScope scope, IReadOnlyList<RolloutAgentRow> concerned, IReadOnlyList<SecretHolder> holders)
    {
        // With several retired secrets, the last generation with any of them counts.
        var last = holders
            .Where(holder => scope.Retired.Any(secret => secret.Fingerprint == holder.Fingerprint))
            .GroupBy(holder => holder.Agent.AgentId)
            .ToDictionary(group => group.Key, group => group.MaxBy(holder => holder.Agent.Generation)!);
        var ids = concerned.Select(agent => agent.AgentId).ToHashSet();
        return new AgentParts(
            [.. concerned.Select(agent => last.GetValueOrDefault(agent.AgentId) is { } again && again.Agent.Generation > agent.Generation ? again.View : RolloutAgents.ViewOf(agent, scope.Row.CreatedAt))],
            [.. last.Values.Where(holder => !ids.Contains(holder.Agent.AgentId)).Select(holder => holder.View).OrderBy(agent => agent.Agent, StringComparer.Ordinal)]);
    }
}
