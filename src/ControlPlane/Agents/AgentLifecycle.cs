using System.Text.Json.Nodes;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Agents;

/// <summary>Starts, stops, makes anew and removes agents. The intent is in the database before the engine is asked, so that any control plane can finish it.</summary>
internal sealed class AgentLifecycle(
    AgentStore agents,
    AgentReports reports,
    AgentContainers containers,
    AgentRestarts restarts,
    AgentVirtualKeys virtualKeys,
    CredentialDeliverer deliverer,
    CredentialSource source,
    IAgentRuntime engine,
    AuditTrail trail,
    WriteTransactions writes,
    TimeProvider time)
{
    /// <summary>Makes it run with its credential. One that runs is not touched, whatever it runs with.</summary>
    public async Task<Outcome<CredentialDelivery>> StartAsync(AgentLock held, string actor, CancellationToken cancellationToken)
    {
        if (await IntendAsync(held, AgentIntent.Running, AuditActions.AgentStart, actor, cancellationToken) is not { } agent)
        {
            return Gone();
        }

        try
        {
            await RunAsync(agent, cancellationToken);
        }
        catch (EngineException failure)
        {
            await reports.FailedAsync(agent, failure.Message, cancellationToken);
            return ProblemOf(failure);
        }

        return await deliverer.DeliverAsync(held, cancellationToken);
    }

    /// <summary>Creates and starts what is missing, and waits for the agent server.</summary>
    /// <exception cref="EngineException">It does not run.</exception>
    public async Task RunAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        await using (var connection = await agents.OpenAsync(cancellationToken))
        {
            var (credential, _) = await source.OfAsync(connection, agent, cancellationToken);
            await restarts.EnsureStartedAsync(agent, credential, cancellationToken);
        }

        await reports.ObserveAsync(agent, cancellationToken);
        await restarts.WaitUntilReadyAsync(agent, cancellationToken);
    }

    /// <summary>Lets running tasks end, within the agent server's own deadline, and stops the container.</summary>
    public async Task<Outcome<CredentialDelivery>> StopAsync(AgentLock held, string actor, CancellationToken cancellationToken)
    {
        if (await IntendAsync(held, AgentIntent.Stopped, AuditActions.AgentStop, actor, cancellationToken) is not { } agent)
        {
            return Gone();
        }

        try
        {
            await FinishStopAsync(agent, cancellationToken);
        }
        catch (EngineException failure)
        {
            await reports.FailedAsync(agent, failure.Message, cancellationToken);
            return ProblemOf(failure);
        }

        return new CredentialDelivery(DeliveryResult.NotRunning, agent.Generation);
    }

    /// <summary>The engine's part of a stop.</summary>
    /// <exception cref="EngineException">It may still run.</exception>
    public async Task FinishStopAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        if (await containers.FindAsync(agent, cancellationToken) is { } container)
        {
            await engine.StopAsync(container.Id, AgentContainers.StopGrace, cancellationToken);
        }

        await reports.ObserveAsync(agent, cancellationToken);
    }

    /// <summary>Replaces the container by a new one: at once when no task runs or with <paramref name="force"/>, else when the last has ended.</summary>
    public async Task<Outcome<CredentialDelivery>> RecreateAsync(AgentLock held, Func<AgentRow, AgentRow> change, bool force, string actor, CancellationToken cancellationToken)
    {
        await using (var write = await writes.BeginAsync(cancellationToken))
        {
            if (await agents.FindAsync(write.Connection, new IdOrName(held.AgentId, null), cancellationToken) is not { } before || before.DesiredState == AgentIntent.Deleted)
            {
                return Gone();
            }

            await agents.UpdateAsync(write.Connection, change(before) with { Recreate = true, UpdatedAt = time.GetUtcNow().UtcDateTime }, cancellationToken);
            await RecordAsync(write, actor, AuditActions.AgentRecreate, before, cancellationToken);
            await write.CommitAsync(cancellationToken);
        }

        return await ContinueRecreateAsync(held, force, cancellationToken);
    }

    /// <summary>What <see cref="RecreateAsync"/> asked for, as far as it can be done now.</summary>
    public async Task<Outcome<CredentialDelivery>> ContinueRecreateAsync(AgentLock held, bool force, CancellationToken cancellationToken)
    {
        if (await FindAsync(held, cancellationToken) is not { } agent)
        {
            return Gone();
        }

        try
        {
            if (await containers.FindAsync(agent, cancellationToken) is { } old)
            {
                if (!force && await restarts.CountTasksAsync(agent, old, cancellationToken) is not 0 and var running)
                {
                    var detail = running is null
                        ? "The agent does not say whether tasks run, so its container is not replaced; send ?force=true if it may be."
                        : $"The container is made anew when its {running} running tasks have ended.";
                    var draining = new CredentialDelivery(DeliveryResult.Draining, agent.Generation, detail);
                    await reports.DeliveredAsync(agent, draining, cancellationToken);
                    return draining;
                }

                await using var connection = await agents.OpenAsync(cancellationToken);
                var (credential, _) = await source.OfAsync(connection, agent, cancellationToken);
                await restarts.MakeAnewAsync(agent, old, credential, isOld: false, cancellationToken);
            }
            else if (agent.DesiredState == AgentIntent.Running)
            {
                await RunAsync(agent, cancellationToken);
            }
        }
        catch (EngineException failure)
        {
            // An engine that is away says nothing against the wish; one that refuses would do so for ever, and the agent would take no task meanwhile.
            if (failure.Fault != EngineFault.Unreachable)
            {
                await DoneAsync(agent, cancellationToken);
            }

            await reports.FailedAsync(agent, failure.Message, cancellationToken);
            return ProblemOf(failure);
        }

        await reports.ObserveAsync(agent, cancellationToken); // before tasks are let in again: the new container has no credential yet
        await DoneAsync(agent, cancellationToken);
        await restarts.WaitUntilReadyAsync(agent, cancellationToken);
        var delivery = await deliverer.DeliverAsync(held, cancellationToken);
        return delivery.Result == DeliveryResult.HotReloaded ? delivery with { Result = DeliveryResult.Recreated } : delivery;
    }

    /// <summary>Removes container, home volume, virtual keys and agent. What the engine cannot do now is done when it can.</summary>
    public async Task<Outcome<CredentialDelivery>> DeleteAsync(AgentLock held, string actor, CancellationToken cancellationToken)
    {
        if (await IntendAsync(held, AgentIntent.Deleted, AuditActions.AgentDelete, actor, cancellationToken) is not { } agent)
        {
            return Gone();
        }

        try
        {
            await FinishDeletionAsync(agent, cancellationToken);
            return new CredentialDelivery(DeliveryResult.NoContainer, agent.Generation);
        }
        catch (EngineException failure)
        {
            await reports.FailedAsync(agent, failure.Message, cancellationToken);
            var problem = ProblemOf(failure);
            return problem with { Detail = $"{problem.Detail} The deletion is noted, and is done when the engine can." };
        }
    }

    /// <summary>The engine's part of a deletion, and the row.</summary>
    /// <exception cref="EngineException">The row is still there.</exception>
    public async Task FinishDeletionAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        await engine.RemoveAsync(AgentContainers.NextNameOf(agent), force: true, cancellationToken);
        if (await containers.FindAsync(agent, cancellationToken) is { } container)
        {
            await engine.StopAsync(container.Id, AgentContainers.StopGrace, cancellationToken);
            await engine.RemoveAsync(container.Id, force: true, cancellationToken);
        }

        await engine.RemoveVolumeAsync(AgentContainers.HomeVolumeOf(agent), cancellationToken);
        await using var write = await writes.BeginAsync(cancellationToken);
        await virtualKeys.RevokeAsync(write, agent, long.MaxValue, "trinity", cancellationToken);
        await agents.DeleteAsync(write.Connection, agent.Id, cancellationToken);
        await write.CommitAsync(cancellationToken);
    }

    /// <summary>Takes back an agent whose container could not be made. Its home volume stays: it may be older than the agent, and hold somebody's work.</summary>
    public async Task WithdrawAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        var isKnown = await RemoveMadeAsync(agent, cancellationToken);
        await using var write = await writes.BeginAsync(cancellationToken);
        await virtualKeys.RevokeAsync(write, agent, long.MaxValue, "trinity", cancellationToken);
        await (isKnown
            ? agents.DeleteAsync(write.Connection, agent.Id, cancellationToken)
            : agents.SetIntentAsync(write.Connection, agent.Id, AgentIntent.Deleted, time.GetUtcNow().UtcDateTime, cancellationToken));
        await write.CommitAsync(cancellationToken);
    }

    /// <summary>Stops and starts the container as it is. What was reloaded into it survives that.</summary>
    public async Task<FleetRestartItem> RestartAsync(AgentLock held, TimeSpan grace, CancellationToken cancellationToken)
    {
        if (await FindAsync(held, cancellationToken) is not { } agent)
        {
            return new FleetRestartItem(held.AgentId.ToString("D"), "skipped", "The agent is gone.");
        }

        try
        {
            if (await containers.FindAsync(agent, cancellationToken) is not { State: ContainerState.Running } container)
            {
                return new FleetRestartItem(agent.Name, "skipped", "It does not run.");
            }

            await engine.StopAsync(container.Id, grace, cancellationToken);
            await reports.ObserveAsync(agent, cancellationToken);
            await engine.StartAsync(container.Id, cancellationToken);
            await restarts.WaitUntilReadyAsync(agent, cancellationToken);
            await deliverer.DeliverAsync(held, cancellationToken);
            return new FleetRestartItem(agent.Name, "success", null);
        }
        catch (EngineException failure)
        {
            await reports.FailedAsync(agent, failure.Message, cancellationToken);
            return new FleetRestartItem(agent.Name, "failed", failure.Message);
        }
    }

    public static Problem ProblemOf(EngineException failure) => failure.Fault switch
    {
        EngineFault.Unreachable => new(StatusCodes.Status503ServiceUnavailable, "The container engine is out of reach", failure.Message),
        EngineFault.Conflict or EngineFault.NotFound => Problem.Conflict(failure.Message),
        _ => new(StatusCodes.Status502BadGateway, "The container engine failed", failure.Message),
    };

    private static Problem Gone() => Problem.NotFound("The agent is gone, or is being deleted.");

    // False: the engine went away, and says only when it is back whether it made something; then that is deleted.
    private async Task<bool> RemoveMadeAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        try
        {
            if (await containers.FindAsync(agent, cancellationToken) is { } made)
            {
                await engine.RemoveAsync(made.Id, force: true, cancellationToken);
            }

            return true;
        }
        catch (EngineException failure)
        {
            return failure.Fault == EngineFault.Conflict; // what has the name is not ours
        }
    }

    private async Task<AgentRow?> FindAsync(AgentLock held, CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        return await agents.FindAsync(connection, new IdOrName(held.AgentId, null), cancellationToken);
    }

    private async Task<AgentRow?> IntendAsync(AgentLock held, string intent, string action, string actor, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if (await agents.FindAsync(write.Connection, new IdOrName(held.AgentId, null), cancellationToken) is not { } agent
            || (agent.DesiredState == AgentIntent.Deleted && intent != AgentIntent.Deleted))
        {
            return null;
        }

        await agents.SetIntentAsync(write.Connection, agent.Id, intent, time.GetUtcNow().UtcDateTime, cancellationToken);
        await RecordAsync(write, actor, action, agent, cancellationToken);
        await write.CommitAsync(cancellationToken);
        return agent with { DesiredState = intent };
    }

    private async Task DoneAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        await using var write = await writes.BeginAsync(cancellationToken);
        if (await agents.FindAsync(write.Connection, new IdOrName(agent.Id, null), cancellationToken) is { } current)
        {
            await agents.UpdateAsync(write.Connection, current with { Recreate = false }, cancellationToken);
            await write.CommitAsync(cancellationToken);
        }
    }

    private Task RecordAsync(WriteTransaction write, string actor, string action, AgentRow agent, CancellationToken cancellationToken) =>
        trail.RecordAsync(write, new AuditEntry(actor, action, "agent", agent.Name) { Details = new JsonObject { ["id"] = agent.Id, ["image"] = agent.Image } }, cancellationToken);
}
