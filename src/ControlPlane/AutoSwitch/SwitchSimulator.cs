using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Settings;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Answers what would happen if a subscription failed now, by the rules and the figures that would decide. Changes nothing, and asks nobody.</summary>
internal sealed class SwitchSimulator(AgentStore agents, CandidateLoader candidates, AttributionStore attribution, SettingsStore settings, TimeProvider time)
{
    public async Task<Outcome<SimulationView>> RunAsync(SimulateRequest request, CancellationToken cancellationToken)
    {
        if (request.Errors.Count > 0)
        {
            return Problem.Invalid(request.Errors);
        }

        await using var connection = await agents.OpenAsync(cancellationToken);
        var now = time.GetUtcNow();
        var known = (await candidates.LoadAsync(connection, now, cancellationToken)).ToList();
        if (known.Find(candidate => candidate.Name == request.Subscription || candidate.Id.ToString("D") == request.Subscription) is not { } failing)
        {
            return Problem.Invalid("subscription", $"There is no subscription '{request.Subscription}'.");
        }

        var wanted = await settings.ReadAsync(connection, cancellationToken);
        var outcomes = new List<SimulatedAgent>();
        var concerned = (await agents.ListAsync(connection, cancellationToken)).Where(agent => agent.SubscriptionId == failing.Id && agent.DesiredState == AgentIntent.Running);
        foreach (var agent in concerned)
        {
            var plan = SwitchDecider.Decide(
                new Assignment(failing.Id, agent.Generation), TriggerOf(failing, request.Kind, agent, now), known, wanted, await attribution.WhyNoApiKeyAsync(connection, agent, cancellationToken), now);
            outcomes.Add(new SimulatedAgent(agent.Name, SwitchActions.NameOf(plan.Action), plan.Target?.Name, plan.Reason));
            if (plan.Target is { } target)
            {
                known[known.FindIndex(candidate => candidate.Id == target.Id)] = target with { Agents = target.Agents + 1 }; // the next one finds it there
            }
        }

        return SimulationView.Of(failing, request.Kind, outcomes, known, now);
    }

    private static SwitchTrigger TriggerOf(Candidate failing, FailureKind kind, AgentRow agent, DateTimeOffset now) => new()
    {
        SubscriptionId = failing.Id,
        Subscription = failing.Name,
        Generation = agent.Generation,
        Fingerprint = failing.Fingerprint,
        Kind = kind,
        Source = FailureSource.Task,
        OccurredAt = now,
    };
}
