using System.Net;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.CredentialReload;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Agents;

/// <summary>Looks at an agent, container and server, and writes down what it saw, for all control planes.</summary>
internal sealed class AgentReports(AgentReportStore store, AgentContainers containers, AgentClient client, TimeProvider time)
{
    private static readonly TimeSpan FirstRetry = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LastRetry = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan DrainPoll = TimeSpan.FromSeconds(1);

    /// <summary>Looks once.</summary>
    public async Task<AgentReport> ObserveAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        var seen = await SeeAsync(agent, cancellationToken);
        if (seen.Generation >= agent.Generation && IsWaiting(agent, seen))
        {
            seen = seen with { Delivery = DeliveryResult.HotReloaded, Problem = null, Attempts = 0, RetryAt = null }; // it had arrived after all, or nobody wants another container any more
        }

        await store.WriteAsync(seen, cancellationToken);
        return seen;
    }

    /// <summary>Looks once after a delivery, and notes how that went and when it is tried again.</summary>
    public async Task DeliveredAsync(AgentRow agent, CredentialDelivery delivery, CancellationToken cancellationToken)
    {
        var seen = await SeeAsync(agent, cancellationToken);
        var attempts = delivery.Result is DeliveryResult.Pending or DeliveryResult.Failed ? seen.Attempts + 1 : 0;
        var wait = delivery.Result == DeliveryResult.Draining ? DrainPoll : BackOff(attempts);
        await store.WriteAsync(
            seen with { Delivery = delivery.Result, Problem = delivery.IsApplied ? null : delivery.Detail ?? seen.Problem, Attempts = attempts, RetryAt = delivery.IsApplied ? null : (time.GetUtcNow() + wait).UtcDateTime },
            cancellationToken);
    }

    /// <summary>Notes that something about the container failed, and when it is tried again.</summary>
    public async Task FailedAsync(AgentRow agent, string problem, CancellationToken cancellationToken)
    {
        var seen = await SeeAsync(agent, cancellationToken);
        await store.WriteAsync(seen with { Problem = problem, Attempts = seen.Attempts + 1, RetryAt = (time.GetUtcNow() + BackOff(seen.Attempts + 1)).UtcDateTime }, cancellationToken);
    }

    private static bool IsWaiting(AgentRow agent, AgentReport seen) =>
        seen.Delivery is DeliveryResult.Pending or DeliveryResult.Failed || (seen.Delivery == DeliveryResult.Draining && !agent.Recreate);

    private static TimeSpan BackOff(int attempts) =>
        attempts == 0 ? TimeSpan.Zero : TimeSpan.FromTicks(Math.Min(LastRetry.Ticks, FirstRetry.Ticks << Math.Min(attempts - 1, 20)));

    private async Task<AgentReport> SeeAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        var (before, began) = await BeforeAsync(agent.Id, cancellationToken);
        ContainerDetails? container;
        try
        {
            container = await containers.FindAsync(agent, cancellationToken);
        }
        catch (EngineException engine)
        {
            return before with { State = AgentState.Unknown, Problem = engine.Message, ReportedAt = began };
        }

        var state = AgentContainers.StateOf(container?.State);
        var seen = before with { State = state, Container = container?.Id, Problem = IsBehind(agent, before) ? before.Problem : null };
        seen = container is null || state != AgentState.Running
            ? seen with { Generation = 0, Fingerprint = null, Running = "[]" }
            : await AskAsync(agent, container, IsSameRun(before, container) ? seen : seen with { Generation = 0 }, cancellationToken);
        return seen with { ReportedAt = began };
    }

    // Why the last delivery failed holds until it has arrived.
    private static bool IsBehind(AgentRow agent, AgentReport before) =>
        before.Generation < agent.Generation && (before.Delivery is DeliveryResult.Failed or DeliveryResult.Pending or DeliveryResult.Draining);

    private static bool IsSameRun(AgentReport before, ContainerDetails container) =>
        before.Container == container.Id && before.State != AgentState.Stopped && !(container.StartedAt?.UtcDateTime > before.ReportedAt);

    private async Task<AgentReport> AskAsync(AgentRow agent, ContainerDetails container, AgentReport seen, CancellationToken cancellationToken)
    {
        if (containers.EndpointOf(agent, container) is not { } endpoint)
        {
            return seen with { Problem = "The agent's address or its own token cannot be had." };
        }

        if (!AgentContainers.TakesReloads(container.Labels))
        {
            return await AskTasksAsync(endpoint, container, seen, cancellationToken);
        }

        var reply = await client.StatusAsync(endpoint, cancellationToken);
        return reply switch
        {
            { Value: { } status } => seen with
            {
                Generation = Acknowledged(agent, status, seen.Generation),
                Fingerprint = status.Fingerprint,
                Running = AgentReport.ToJson(status.RunningTasks),
            },
            { Status: HttpStatusCode.NotFound } => await AskTasksAsync(endpoint, container, seen, cancellationToken),
            _ => seen with { Problem = reply.Describe() },
        };
    }

    // After a start the agent has what its file says, which may be what was rotated away while it was stopped: that counts for nothing until it is brought up to date.
    private static long Acknowledged(AgentRow agent, CredentialStatus status, long sinceStart) =>
        status.Generation >= agent.Generation ? status.Generation
        : agent.Auth == AgentAuth.None && (status.Generation == 0 || status.Revoked) ? agent.Generation
        : sinceStart > 0 ? status.Generation
        : 0;

    private async Task<AgentReport> AskTasksAsync(AgentEndpoint endpoint, ContainerDetails container, AgentReport seen, CancellationToken cancellationToken)
    {
        var reply = await client.TasksAsync(endpoint, cancellationToken);
        return reply.Value is { } tasks
            ? seen with
            {
                Generation = AgentContainers.BakedGeneration(container),
                Fingerprint = null,
                Running = AgentReport.ToJson([.. tasks
                    .Where(task => task.Outcome == TaskOutcome.Running)
                    .GroupBy(task => (task.Generation, task.SubscriptionId, task.Fingerprint))
                    .Select(group => new RunningTasks(group.Key.Generation, group.Key.SubscriptionId, group.Key.Fingerprint, group.Count()))]),
            }
            : seen with { Problem = reply.Describe() };
    }

    // A look is as old as its beginning: one that took long does not replace what another saw meanwhile.
    private async Task<(AgentReport Before, DateTime Began)> BeforeAsync(Guid agentId, CancellationToken cancellationToken)
    {
        await using var connection = await store.OpenAsync(cancellationToken);
        var began = await store.NowAsync(connection, cancellationToken);
        return (await store.FindAsync(connection, agentId, cancellationToken) ?? new AgentReport { AgentId = agentId }, began);
    }
}
