using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.CredentialReload;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Agents;

/// <summary>Starts containers and makes them anew: the only code that ends a running one. The caller holds the agent's lock.</summary>
internal sealed class AgentRestarts(IAgentRuntime engine, AgentContainers containers, AgentClient client, TimeProvider time)
{
    private const int StartAttempts = 3;
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan ReadyPoll = TimeSpan.FromMilliseconds(100);

    /// <summary>Creates and starts what is missing; a running container is left alone.</summary>
    /// <returns>The running container.</returns>
    /// <exception cref="EngineException">It does not run; what was made for it is gone again.</exception>
    public async Task<ContainerDetails> EnsureStartedAsync(AgentRow agent, AgentCredential? credential, CancellationToken cancellationToken)
    {
        var found = await containers.FindAsync(agent, cancellationToken);
        if (found?.State == ContainerState.Running)
        {
            return found;
        }

        if (found is null)
        {
            await engine.RemoveAsync(AgentContainers.NextNameOf(agent), force: true, cancellationToken); // of a control plane that was killed while it made the container anew
        }

        var id = found?.Id ?? await containers.CreateAsync(agent, AgentContainers.NameOf(agent), credential, isOld: false, cancellationToken);
        try
        {
            await StartAsync(id, cancellationToken);
        }
        catch (EngineException) when (found is null)
        {
            await engine.RemoveAsync(id, force: true, cancellationToken);
            throw;
        }

        return await containers.FindAsync(agent, cancellationToken) ?? throw new EngineException(EngineFault.NotFound, "The container was removed while it started.");
    }

    /// <summary>Waits until the agent server answers. False: it did not within a minute, or its container ended.</summary>
    public async Task<bool> WaitUntilReadyAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        using var limit = new CancellationTokenSource(ReadyLimit, time);
        while (!limit.IsCancellationRequested)
        {
            // Asked each time: the port that an engine publishes can come a moment after the start.
            if (await containers.FindAsync(agent, cancellationToken) is not { State: ContainerState.Running } container)
            {
                return false;
            }

            if (containers.EndpointOf(agent, container) is { } endpoint && await client.IsHealthyAsync(endpoint, cancellationToken))
            {
                return true;
            }

            await Task.Delay(ReadyPoll, time, cancellationToken);
        }

        return false;
    }

    /// <summary>How many tasks run; null: it does not say.</summary>
    public async Task<int?> CountTasksAsync(AgentRow agent, ContainerDetails container, CancellationToken cancellationToken)
    {
        if (container.State != ContainerState.Running)
        {
            return 0;
        }

        if (containers.EndpointOf(agent, container) is not { } endpoint)
        {
            return null;
        }

        // Of tasks that run, not of what ended ones have left. An image of before may list more than is read; its status counts the same.
        return (await client.TasksAsync(endpoint, cancellationToken)).Value is { } tasks
            ? tasks.Count(task => task.Outcome == TaskOutcome.Running)
            : (await client.StatusAsync(endpoint, cancellationToken)).Value?.RunningTasks.Sum(running => running.Count);
    }

    /// <summary>Replaces the container by a new one with the same home volume; one that is stopped, and is to be, by one that is not started. All that can fail beforehand, does so while the old one still runs.</summary>
    /// <exception cref="EngineException">See <see cref="EngineException.Fault"/>; the container that the agent is left with, if any, says the engine.</exception>
    public async Task MakeAnewAsync(AgentRow agent, ContainerDetails old, AgentCredential? credential, bool isOld, CancellationToken cancellationToken)
    {
        await engine.RemoveAsync(AgentContainers.NextNameOf(agent), force: true, cancellationToken); // of a control plane that was killed here
        var next = await containers.CreateAsync(agent, AgentContainers.NextNameOf(agent), credential, isOld, cancellationToken);

        // From here on nobody who loses patience leaves the agent without a container; the engine's own limits end every step.
        await engine.StopAsync(old.Id, AgentContainers.StopGrace, CancellationToken.None);
        await engine.RemoveAsync(old.Id, force: false, CancellationToken.None);
        await engine.RenameAsync(next, AgentContainers.NameOf(agent), CancellationToken.None);
        if (old.State == ContainerState.Running || agent.DesiredState == AgentIntent.Running)
        {
            await StartAsync(next, CancellationToken.None);
        }
    }

    // The port is whichever is free, and the engine takes another each time: one that somebody was quicker to take is no reason to give up.
    private async Task StartAsync(string container, CancellationToken cancellationToken)
    {
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await engine.StartAsync(container, cancellationToken);
                return;
            }
            catch (EngineException taken) when (taken.Fault == EngineFault.Conflict && attempt < StartAttempts)
            {
                // once more
            }
        }
    }
}
