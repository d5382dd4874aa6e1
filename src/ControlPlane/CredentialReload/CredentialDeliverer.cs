using System.Globalization;
using System.Net;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>Brings one agent the credential that it is to work with: THE path of every first key, rotation, switch and revocation.</summary>
/// <remarks>
/// Whether an agent lacks a generation is always judged by what the agent said last. So a delivery can be repeated by anybody at any time: the agent refuses an older
/// generation, and takes a repeated one for what it is. Nothing that runs is ended because an answer is missing or bad.
/// </remarks>
internal sealed partial class CredentialDeliverer(
    AgentStore agents,
    AgentReports reports,
    AgentGenerations generations,
    CredentialSource source,
    AgentContainers containers,
    AgentRestarts restarts,
    AgentClient client,
    ControlPlaneMetrics metrics,
    TimeProvider time,
    ILogger<CredentialDeliverer> logger)
{
    /// <summary>One attempt, under the agent's lock; what came of it is in the agent's report afterwards.</summary>
    public async Task<CredentialDelivery> DeliverAsync(AgentLock held, CancellationToken cancellationToken)
    {
        var started = time.GetTimestamp();

        // (a) What it is to have, read inside the lock: whoever held it before may have changed that.
        var (agent, credential, problem) = await ReadAsync(held.AgentId, cancellationToken);
        if (agent is null)
        {
            return new CredentialDelivery(DeliveryResult.NoContainer, 0, "The agent is gone.");
        }

        // (b) To whom: the engine knows whether it runs.
        var container = (ContainerDetails?)null;
        CredentialDelivery delivery;
        try
        {
            container = await containers.FindAsync(agent, cancellationToken);
            delivery = container switch
            {
                null => new(DeliveryResult.NoContainer, agent.Generation, "There is no container; the agent gets its credential when it is started."),
                { State: not ContainerState.Running } => new(DeliveryResult.NotRunning, agent.Generation, "The agent does not run; it gets its credential when it is started."),
                _ when credential is null => new(DeliveryResult.Failed, agent.Generation, problem),
                _ => await HandOverAsync(agent, container, credential, isSecond: false, cancellationToken), // (c)
            };
        }
        catch (EngineException engine)
        {
            delivery = new(DeliveryResult.Failed, agent.Generation, engine.Message);
        }

        // (d) Told to everybody, with the tasks that still run on older generations.
        await reports.DeliveredAsync(agent, delivery, cancellationToken);
        metrics.CredentialDelivered(delivery.Result, time.GetElapsedTime(started));
        Log.Delivered(logger, agent.Name, delivery.Generation, delivery.Result, delivery.Detail ?? "");
        return delivery;
    }

    private async Task<(AgentRow? Agent, AgentCredential? Credential, string? Problem)> ReadAsync(Guid agentId, CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        if (await agents.FindAsync(connection, new IdOrName(agentId, null), cancellationToken) is not { } agent)
        {
            return default;
        }

        var (credential, problem) = await source.OfAsync(connection, agent, cancellationToken);
        return (agent, credential, problem);
    }

    private async Task<CredentialDelivery> HandOverAsync(AgentRow agent, ContainerDetails container, AgentCredential credential, bool isSecond, CancellationToken cancellationToken)
    {
        if (containers.EndpointOf(agent, container) is not { } endpoint)
        {
            return new(DeliveryResult.Failed, agent.Generation, "The agent's address or its own token cannot be had.");
        }

        if (!AgentContainers.TakesReloads(container.Labels))
        {
            return await MakeAnewAsync(agent, container, credential, cancellationToken);
        }

        if (credential.IsNone && (await client.StatusAsync(endpoint, cancellationToken)).Value is { Generation: 0 })
        {
            return new(DeliveryResult.HotReloaded, agent.Generation); // it has none, as it should
        }

        var reply = await client.ReloadAsync(endpoint, credential.ToRequest(agent.Id, agent.Generation), cancellationToken);
        switch (reply)
        {
            case { Value: { } applied } when applied.Generation == agent.Generation:
                return new(DeliveryResult.HotReloaded, agent.Generation);
            case { Status: HttpStatusCode.NotFound }:
                return await MakeAnewAsync(agent, container, credential, cancellationToken);
            case { Status: HttpStatusCode.Conflict, Problem.Generation: { } theirs } when !isSecond:
                return await HandOverNewestAsync(agent, container, theirs, cancellationToken);
            case { Status: null or HttpStatusCode.OK }:
                return await AskAsync(agent, endpoint, credential, reply.Describe(), cancellationToken);
            case { Status: HttpStatusCode.Unauthorized }:
                return new(DeliveryResult.Failed, agent.Generation, "The agent refuses the control plane's token: its container was not made by this installation, or before a restored backup. Recreate it.");
            default:
                return new(DeliveryResult.Failed, agent.Generation, reply.Describe());
        }
    }

    // Either it knows a generation that this database does not, one of before a backup, say: then ours is to be the newer one. Or this delivery was overtaken,
    // because the lock was lost with its connection: then what was read under it is outdated, and must not reach the agent under a new number.
    private async Task<CredentialDelivery> HandOverNewestAsync(AgentRow agent, ContainerDetails container, long theirs, CancellationToken cancellationToken)
    {
        await generations.RaiseAboveAsync(agent, theirs, cancellationToken);
        var (newest, credential, problem) = await ReadAsync(agent.Id, cancellationToken);
        return newest is null ? new(DeliveryResult.NoContainer, 0, "The agent is gone.")
            : credential is null ? new(DeliveryResult.Failed, newest.Generation, problem)
            : await HandOverAsync(newest, container, credential, isSecond: true, cancellationToken);
    }

    // No answer is no refusal: it may have the credential. It is asked, and if that does not help either, asked again later.
    private async Task<CredentialDelivery> AskAsync(AgentRow agent, AgentEndpoint endpoint, AgentCredential credential, string failure, CancellationToken cancellationToken)
    {
        var status = await client.StatusAsync(endpoint, cancellationToken);
        var hasIt = status.Value is { } said && said.Generation == agent.Generation && said.Revoked == credential.IsNone && said.Fingerprint == credential.Fingerprint;
        return hasIt ? new(DeliveryResult.HotReloaded, agent.Generation) : new(DeliveryResult.Pending, agent.Generation, failure);
    }

    private async Task<CredentialDelivery> MakeAnewAsync(AgentRow agent, ContainerDetails container, AgentCredential credential, CancellationToken cancellationToken)
    {
        if (AgentContainers.BakedGeneration(container) == agent.Generation)
        {
            return new(DeliveryResult.Recreated, agent.Generation);
        }

        switch (await restarts.CountTasksAsync(agent, container, cancellationToken))
        {
            case null:
                return new(DeliveryResult.Pending, agent.Generation, "The agent's image takes no credential while it runs, and it does not say whether tasks run; nothing is ended.");
            case > 0 and var running:
                return new(DeliveryResult.Draining, agent.Generation, string.Create(
                    CultureInfo.InvariantCulture, $"The agent's image takes no credential while it runs; the container is made anew when its {running} running tasks have ended."));
            default:
                // Where the image's label promises what its server does not do, the next container would be no better, and made anew for ever.
                var isOld = AgentContainers.TakesReloads(container.Labels) && container.Image == agent.Image;
                await restarts.MakeAnewAsync(agent, container, credential, isOld, cancellationToken);
                await restarts.WaitUntilReadyAsync(agent, cancellationToken);
                return new(DeliveryResult.Recreated, agent.Generation);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.CredentialDelivered, LogLevel.Information, "Agent {Agent}, credential generation {Generation}: {Result}. {Detail}")]
        public static partial void Delivered(ILogger logger, string agent, long generation, string result, string detail);
    }
}
