using System.Text.Json.Nodes;
using Microsoft.Extensions.Options;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.AutoSwitch;
using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Database;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Rollouts;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.Agents;

/// <summary>The rules of agents. What concerns one agent's container or credential happens under that agent's lock.</summary>
internal sealed class AgentService(
    AgentStore agents,
    AgentReportStore reports,
    AgentRules rules,
    AgentSecrets secrets,
    AgentVirtualKeys virtualKeys,
    AgentGenerations generations,
    AgentAssignment assignment,
    AgentLifecycle lifecycle,
    AgentContainers containers,
    AgentLocks locks,
    SubscriptionStore subscriptions,
    FleetWatcher fleet,
    SwitchJournal journal,
    AuditTrail trail,
    WriteTransactions writes,
    IOptions<ControlPlaneOptions> options,
    TimeProvider time)
{
    private static readonly TimeSpan BridgeLimit = TimeSpan.FromSeconds(5);
    private static readonly ResourceLimits DefaultLimits = new();

    public async Task<IReadOnlyList<AgentView>> ListAsync(CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        var names = (await subscriptions.ListAsync(connection, cancellationToken)).ToDictionary(row => row.Id, row => row.Name);
        var seen = await reports.ListAsync(connection, cancellationToken);
        return [.. (await agents.ListAsync(connection, cancellationToken))
            .Select(row => AgentView.Of(row, seen.GetValueOrDefault(row.Id), row.SubscriptionId is { } id ? names.GetValueOrDefault(id) : null))];
    }

    public async Task<Outcome<AgentView>> GetAsync(IdOrName target, CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        if (await agents.FindAsync(connection, target, cancellationToken) is not { } row)
        {
            return Missing(target);
        }

        var subscription = row.SubscriptionId is { } id ? await subscriptions.FindAsync(connection, new IdOrName(id, null), cancellationToken) : null;
        return AgentView.Of(row, await reports.FindAsync(connection, row.Id, cancellationToken), subscription?.Name);
    }

    /// <summary>Writes the agent down, makes and starts its container, and brings it its credential. When the container cannot be made, nothing is left of it.</summary>
    public async Task<Outcome<AgentChangeView>> CreateAsync(CreateAgentRequest request, string actor, CancellationToken cancellationToken)
    {
        AgentRow agent;
        SwitchPlan? choice;
        long revision;
        await using (var write = await writes.BeginAsync(cancellationToken))
        {
            if ((await rules.ReadAsync(write.Connection, request, Defaults(), cancellationToken)).Failed(out var invalid, out var wanted))
            {
                return invalid;
            }

            if (await agents.FindAsync(write.Connection, new IdOrName(null, wanted.Row.Name), cancellationToken) is not null)
            {
                return Problem.Conflict($"An agent named '{wanted.Row.Name}' exists already.", "name");
            }

            choice = wanted.Choice;
            agent = secrets.WithNewToken(wanted.Row);
            agent = agent is { Auth: not AgentAuth.None, Via: AgentVia.Bridge } ? await virtualKeys.MintAsync(write, agent, actor, cancellationToken) : agent;
            await agents.InsertAsync(write.Connection, agent, cancellationToken);
            await generations.RecordAsync(write.Connection, agent, "created", cancellationToken);
            await trail.RecordAsync(write, new AuditEntry(actor, AuditActions.AgentCreate, "agent", agent.Name) { Details = Describe(agent) }, cancellationToken);
            revision = await write.RevisionAsync(cancellationToken);
            await write.CommitAsync(cancellationToken);
        }

        await fleet.WaitAsync(revision, BridgeLimit, cancellationToken); // a key that a bridge does not know yet would be refused there
        await using var held = await locks.AcquireAsync(agent.Id, cancellationToken);
        if ((await lifecycle.StartAsync(held, actor, cancellationToken)).Failed(out var problem, out var delivery))
        {
            await lifecycle.WithdrawAsync(agent, cancellationToken);
            return problem with { Detail = $"{problem.Detail} No agent was created." };
        }

        if (choice is not null)
        {
            await journal.PlacedAsync(agent, choice, cancellationToken);
        }

        return await ViewAsync(agent.Id, delivery, rollout: null, cancellationToken);
    }

    public async Task<Outcome<IReadOnlyList<AgentLogLine>>> LogsAsync(IdOrName target, int tail, CancellationToken cancellationToken)
    {
        if ((await FindAsync(target, VersionCondition.None, cancellationToken)).Failed(out var problem, out var agent))
        {
            return problem;
        }

        try
        {
            var lines = new List<AgentLogLine>();
            await foreach (var line in containers.LogsAsync(agent, tail, cancellationToken))
            {
                lines.Add(new AgentLogLine(line.IsError ? "stderr" : "stdout", line.Text));
            }

            return Outcome.Of<IReadOnlyList<AgentLogLine>>(lines);
        }
        catch (EngineException failure)
        {
            return AgentLifecycle.ProblemOf(failure);
        }
    }

    public Task<Outcome<AgentChangeView>> StartAsync(IdOrName target, string actor, CancellationToken cancellationToken) =>
        UnderLockAsync(target, held => lifecycle.StartAsync(held, actor, cancellationToken), cancellationToken);

    public Task<Outcome<AgentChangeView>> StopAsync(IdOrName target, string actor, CancellationToken cancellationToken) =>
        UnderLockAsync(target, held => lifecycle.StopAsync(held, actor, cancellationToken), cancellationToken);

    public async Task<Outcome<AgentChangeView>> RecreateAsync(IdOrName target, RecreateAgentRequest request, bool force, string actor, CancellationToken cancellationToken)
    {
        if ((await FindAsync(target, VersionCondition.None, cancellationToken)).Failed(out var problem, out var agent))
        {
            return problem;
        }

        if (rules.Check(request, agent) is { Count: > 0 } errors)
        {
            return Problem.Invalid(errors);
        }

        AgentRow Change(AgentRow row)
        {
            var changed = row with
            {
                Image = request.Image ?? row.Image,
                Command = request.Command?.ToArray() ?? row.Command,
                Environment = request.Environment is null ? row.Environment : AgentRules.ToJson(request.Environment),
            };
            return request.Resources?.ApplyTo(changed) ?? changed;
        }

        return await UnderLockAsync(target, held => lifecycle.RecreateAsync(held, Change, force, actor, cancellationToken), cancellationToken);
    }

    public async Task<Outcome<Guid>> DeleteAsync(IdOrName target, VersionCondition condition, string actor, CancellationToken cancellationToken)
    {
        if ((await FindAsync(target, condition, cancellationToken)).Failed(out var problem, out var agent))
        {
            return problem;
        }

        await using var held = await locks.AcquireAsync(agent.Id, cancellationToken);
        return (await lifecycle.DeleteAsync(held, actor, cancellationToken)).Failed(out problem, out _) ? problem : agent.Id;
    }

    public async Task<Outcome<AgentChangeView>> AssignAsync(IdOrName target, VersionCondition condition, AssignSubscriptionRequest request, string actor, CancellationToken cancellationToken)
    {
        if (request.Errors.Count > 0)
        {
            return Problem.Invalid(request.Errors);
        }

        return await ChangeAsync(target, condition, AuditActions.AgentAssign, actor, "assigned by an operator", newVirtualKey: false, async (connection, agent) =>
        {
            if ((await rules.SubscriptionOfAsync(connection, agent, request.Subscription!, cancellationToken)).Failed(out var invalid, out var subscription))
            {
                return invalid;
            }

            if ((await rules.CheckAsync(connection, new UpdateAgentRequest { Auth = AgentAuth.ApiKey }, agent, cancellationToken)).Failed(out invalid, out var provider))
            {
                return invalid;
            }

            Func<AgentRow, AgentRow> change = row => row with { Auth = AgentAuth.Subscription, SubscriptionId = subscription.Id, Provider = provider };
            return change;
        }, cancellationToken);
    }

    /// <summary>Takes the subscription away; the agent works with its provider's keys from then on, or with nothing.</summary>
    public Task<Outcome<AgentChangeView>> ClearAsync(IdOrName target, VersionCondition condition, string auth, string actor, CancellationToken cancellationToken) =>
        UpdateAsync(target, condition, new UpdateAgentRequest { Auth = auth }, AuditActions.AgentAssign, actor, cancellationToken);

    public Task<Outcome<AgentChangeView>> UpdateAsync(IdOrName target, VersionCondition condition, UpdateAgentRequest request, string action, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(target, condition, action, actor, "changed by an operator", newVirtualKey: false, async (connection, agent) =>
        {
            if ((await rules.CheckAsync(connection, request, agent, cancellationToken)).Failed(out var invalid, out var provider))
            {
                return invalid;
            }

            Func<AgentRow, AgentRow> change = row => row with
            {
                Auth = request.Auth ?? row.Auth,
                SubscriptionId = request.Auth is null ? row.SubscriptionId : null,
                Provider = provider,
                Via = request.Via ?? row.Via,
            };
            return change;
        }, cancellationToken);

    /// <summary>Gives the agent another virtual key; the old one is revoked when no task uses it any more.</summary>
    public Task<Outcome<AgentChangeView>> RotateKeyAsync(IdOrName target, VersionCondition condition, string actor, CancellationToken cancellationToken) =>
        ChangeAsync(target, condition, AuditActions.AgentRotateKey, actor, "virtual key rotated", newVirtualKey: true, (_, agent) =>
        {
            Func<AgentRow, AgentRow> same = row => row;
            return Task.FromResult<Outcome<Func<AgentRow, AgentRow>>>(agent is { Auth: not AgentAuth.None, Via: AgentVia.Bridge }
                ? same
                : Problem.Conflict("This agent has no virtual key: it does not work through the bridge."));
        }, cancellationToken);

    public static Problem Missing(IdOrName target) => Problem.NotFound($"There is no agent '{target}'.");

    public async Task<Outcome<AgentRow>> FindAsync(IdOrName target, VersionCondition condition, CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        var row = await agents.FindAsync(connection, target, cancellationToken);
        return row is null ? Missing(target) : condition.Allows(row.Version) ? row : Problem.Stale(row.Version);
    }

    // Looked at again inside the lock: what is decided is decided on what the agent is then.
    private async Task<Outcome<AgentChangeView>> ChangeAsync(
        IdOrName target,
        VersionCondition condition,
        string action,
        string actor,
        string reason,
        bool newVirtualKey,
        Func<Npgsql.NpgsqlConnection, AgentRow, Task<Outcome<Func<AgentRow, AgentRow>>>> decide,
        CancellationToken cancellationToken)
    {
        if ((await FindAsync(target, condition, cancellationToken)).Failed(out var problem, out var agent))
        {
            return problem;
        }

        await using var held = await locks.AcquireAsync(agent.Id, cancellationToken);
        Func<AgentRow, AgentRow>? change;
        await using (var connection = await agents.OpenAsync(cancellationToken))
        {
            if (await agents.FindAsync(connection, new IdOrName(agent.Id, null), cancellationToken) is not { } current || current.DesiredState == AgentIntent.Deleted)
            {
                return Missing(target);
            }

            if (!condition.Allows(current.Version))
            {
                return Problem.Stale(current.Version);
            }

            if ((await decide(connection, current)).Failed(out problem, out change))
            {
                return problem;
            }
        }

        var done = await assignment.ChangeAsync(held, change, action, actor, reason, cancellationToken, newVirtualKey);
        return await ViewAsync(agent.Id, done.Delivery, done.RolloutId, cancellationToken);
    }

    private async Task<Outcome<AgentChangeView>> UnderLockAsync(IdOrName target, Func<AgentLock, Task<Outcome<CredentialDelivery>>> act, CancellationToken cancellationToken)
    {
        if ((await FindAsync(target, VersionCondition.None, cancellationToken)).Failed(out var problem, out var agent))
        {
            return problem;
        }

        await using var held = await locks.AcquireAsync(agent.Id, cancellationToken);
        return (await act(held)).Failed(out problem, out var delivery) ? problem : await ViewAsync(agent.Id, delivery, rollout: null, cancellationToken);
    }

    private async Task<Outcome<AgentChangeView>> ViewAsync(Guid id, CredentialDelivery delivery, Guid? rollout, CancellationToken cancellationToken) =>
        (await GetAsync(new IdOrName(id, null), cancellationToken)).Failed(out var problem, out var view)
            ? problem
            : new AgentChangeView(view, delivery.Result, delivery.Detail, rollout is { } started ? RolloutEndpoints.PathOf(started) : null);

    private AgentRow Defaults()
    {
        var now = time.GetUtcNow();
        return new AgentRow
        {
            Id = Guid.CreateVersion7(now),
            Name = "",
            Runtime = "",
            Image = options.Value.AgentImage,
            Auth = AgentAuth.None,
            Cpus = DefaultLimits.Cpus,
            MemoryBytes = DefaultLimits.MemoryBytes,
            Pids = DefaultLimits.Pids,
            DesiredState = AgentIntent.Running,
            BridgeUrl = options.Value.BridgeUrl.TrimEnd('/'),
            CreatedAt = now.UtcDateTime,
            UpdatedAt = now.UtcDateTime,
        };
    }

    private static JsonObject Describe(AgentRow row) => new()
    {
        ["id"] = row.Id,
        ["runtime"] = row.Runtime,
        ["image"] = row.Image,
        ["auth"] = row.Auth,
        ["subscription_id"] = row.SubscriptionId,
        ["provider"] = row.Provider,
        ["via"] = row.Via,
    };
}
