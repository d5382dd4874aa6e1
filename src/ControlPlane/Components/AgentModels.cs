using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Components.Models;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.Components;

/// <summary>Reads what the agents' pages show.</summary>
internal sealed class AgentModels(AgentService agents, SubscriptionService subscriptions)
{
    public async Task<AgentsModel> ListAsync(CancellationToken cancellationToken) =>
        new([.. (await agents.ListAsync(cancellationToken)).OrderBy(agent => agent.Name, StringComparer.Ordinal).Select(LineOf)]);

    public async Task<Outcome<AgentModel>> GetAsync(IdOrName target, FormState switcher, string? notice, CancellationToken cancellationToken)
    {
        if ((await agents.GetAsync(target, cancellationToken)).Failed(out var problem, out var agent))
        {
            return problem;
        }

        return new AgentModel
        {
            Agent = LineOf(agent),
            Image = agent.Image,
            Container = agent.Container,
            Provider = agent.Auth.Provider,
            ViaBridge = agent.Auth.Via == AgentVia.Bridge,
            ReportedAt = agent.ReportedAt,
            Subscriptions = [.. (await subscriptions.ListAsync(cancellationToken)).Select(subscription => subscription.Name)],
            Switcher = switcher,
            Notice = notice,
        };
    }

    public static AgentLine LineOf(AgentView agent) => new()
    {
        Name = agent.Name,
        Runtime = agent.Runtime,
        State = agent.State,
        WantedState = agent.DesiredState == agent.State ? null : agent.DesiredState,
        Mode = agent.Auth.Mode,
        Subscription = agent.Auth.Subscription,
        Generation = agent.Auth.Generation,
        AcknowledgedGeneration = agent.Auth.AcknowledgedGeneration,
        Delivery = Deliveries.Describe(agent.Auth.Delivery),
        Problem = agent.Problem,
        RunningTasks = agent.RunningTasks.Sum(tasks => tasks.Count),
        Version = agent.Version,
    };
}
