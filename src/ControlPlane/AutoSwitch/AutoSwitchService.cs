using System.Globalization;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Settings;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Moves an agent whose subscription is refused to another one: once, however many tasks, bridges and control planes saw it.</summary>
/// <remarks>
/// A failure is written down first, whatever follows from it, under what the task or the request had started on. What is decided is decided under the agent's lock,
/// on what is in the database then. After a switch the other failures of the same credential are about something that the agent has left.
/// </remarks>
internal sealed partial class AutoSwitchService(
    AttributionStore attribution,
    FailureStore failures,
    CandidateLoader candidates,
    SettingsStore settings,
    AgentStore agents,
    AgentLocks locks,
    AgentAssignment assignment,
    SwitchJournal journal,
    TimeProvider time,
    ILogger<AutoSwitchService> logger)
{
    public const string Actor = "auto-switch";

    /// <summary>A task has ended. Null: that says nothing of a subscription. Never throws for what went wrong here: the task's result is its caller's.</summary>
    public async Task<SwitchDecision?> OnTaskEndedAsync(AgentRow agent, TaskView task, CancellationToken cancellationToken)
    {
        if (FailureKinds.Of(task.Outcome) is not { } kind)
        {
            return null;
        }

        try
        {
            // By our own books: the agent's word for its subscription is not needed.
            if (await attribution.OfGenerationAsync(agent.Id, task.Generation, cancellationToken) is not { } started)
            {
                return null;
            }

            return await OnFailureAsync(FailureOf(task, kind, started), cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, agent.Name, exception);
            return null;
        }
    }

    /// <summary>Before a task is sent: leaves a subscription that is known to be at its limit, or too full for new work while another is not. Nothing has failed, so no failure is written down. Null: nothing was to be done.</summary>
    public async Task<SwitchDecision?> BeforeDispatchAsync(AgentRow agent, CancellationToken cancellationToken)
    {
        try
        {
            var wanted = await settings.ReadAsync(cancellationToken);
            if (!wanted.AutoSwitchSubscriptions || agent.SubscriptionId is not { } subscription || await FindPressedAsync(subscription, cancellationToken) is null)
            {
                return null;
            }

            await using var held = await locks.AcquireAsync(agent.Id, cancellationToken);
            return await RefreshAsync(agent.Id, cancellationToken) is { SubscriptionId: { } current } fresh
                && await FindPressedAsync(current, cancellationToken) is { } pressed
                ? await DecideAsync(held, TriggerOf(fresh, pressed.Candidate, pressed.IsEarly), wanted, cancellationToken)
                : null;
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            Log.Failed(logger, agent.Name, exception);
            return null;
        }
    }

    /// <summary>A subscription has failed. Null: for an agent that is gone, or that it never was about.</summary>
    public async Task<SwitchDecision?> OnFailureAsync(SubscriptionFailure failure, CancellationToken cancellationToken)
    {
        await failures.AddAsync(Guid.CreateVersion7(time.GetUtcNow()), failure, cancellationToken);
        if (failure is not { AgentId: { } agentId, Generation: { } generation })
        {
            return null;
        }

        var trigger = new SwitchTrigger
        {
            SubscriptionId = failure.SubscriptionId,
            Subscription = failure.Subscription,
            Generation = generation,
            Fingerprint = failure.Fingerprint,
            Kind = failure.Kind,
            Source = failure.Source,
            OccurredAt = failure.OccurredAt,
            ResetsAt = failure.ResetsAt,
        };
        var wanted = await settings.ReadAsync(cancellationToken);
        if (!wanted.AutoSwitchSubscriptions)
        {
            return await SituationAsync(agentId, trigger, wanted, cancellationToken) is { } stays // nobody needs to wait for a lock to learn of that
                ? await ExplainAsync(stays, trigger, delivery: null)
                : null;
        }

        await using var held = await locks.AcquireAsync(agentId, cancellationToken);
        return await DecideAsync(held, trigger, wanted, cancellationToken);
    }

    private async Task<SwitchDecision?> DecideAsync(AgentLock held, SwitchTrigger trigger, OperatorSettings wanted, CancellationToken cancellationToken) =>
        await SituationAsync(held.AgentId, trigger, wanted, cancellationToken) is { } situation
            ? await ExplainAsync(situation, trigger, await ApplyAsync(held, situation, trigger))
            : null;

    private async Task<SwitchDecision> ExplainAsync(Situation situation, SwitchTrigger trigger, CredentialDelivery? delivery)
    {
        var decision = DecisionOf(situation, trigger, delivery);
        await journal.WriteAsync(decision, CancellationToken.None);
        return decision;
    }

    /// <summary>Reads all that matters, now, and decides; null when the agent is gone.</summary>
    private async Task<Situation?> SituationAsync(Guid agentId, SwitchTrigger trigger, OperatorSettings wanted, CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        if (await agents.FindAsync(connection, new IdOrName(agentId, null), cancellationToken) is not { DesiredState: not AgentIntent.Deleted } agent)
        {
            return null;
        }

        var now = time.GetUtcNow();
        var plan = SwitchDecider.Decide(
            await attribution.AssignmentOfAsync(connection, agent, cancellationToken),
            trigger,
            await candidates.LoadAsync(connection, now, cancellationToken),
            wanted,
            await attribution.WhyNoApiKeyAsync(connection, agent, cancellationToken),
            now);
        var count = await failures.CountAsync(connection, agentId, trigger.SubscriptionId, now - SubscriptionHealth.SkipWindow, cancellationToken);
        return new Situation(agent, plan, count);
    }

    // What is begun is finished, whoever leaves meanwhile: no switch without its explanation. The delivery has limits of its own.
    private async Task<CredentialDelivery?> ApplyAsync(AgentLock held, Situation situation, SwitchTrigger trigger)
    {
        var reason = $"{trigger.Subscription} {trigger.Why}";
        return situation.Plan.Action switch
        {
            SwitchAction.Switch => await assignment.AssignAsync(held, situation.Agent, AgentAuth.Subscription, situation.Plan.Target!.Row, Actor, reason, CancellationToken.None),
            SwitchAction.FallBack => await assignment.AssignAsync(held, situation.Agent, AgentAuth.ApiKey, subscription: null, Actor, reason, CancellationToken.None),
            _ => null,
        };
    }

    private async Task<(Candidate Candidate, bool IsEarly)?> FindPressedAsync(Guid subscription, CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        var now = time.GetUtcNow();
        return (await candidates.LoadAsync(connection, now, cancellationToken)).FirstOrDefault(candidate => candidate.Id == subscription) is not { } known ? null
            : SubscriptionHealth.WhyLimited(known, now) is not null ? (known, false)
            : SubscriptionHealth.WhyOverCeiling(known, now) is not null ? (known, true)
            : null;
    }

    private async Task<AgentRow?> RefreshAsync(Guid agentId, CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        return await agents.FindAsync(connection, new IdOrName(agentId, null), cancellationToken);
    }

    private SubscriptionFailure FailureOf(TaskView task, FailureKind kind, Attribution started) => new()
    {
        ReportedAs = string.Create(CultureInfo.InvariantCulture, $"task:{started.AgentId}:{task.TaskId}"),
        AgentId = started.AgentId,
        Agent = started.Agent,
        SubscriptionId = started.SubscriptionId,
        Subscription = started.Subscription,
        Generation = started.Generation,
        Fingerprint = started.Fingerprint,
        Kind = kind,
        Source = FailureSource.Task,
        Message = ShortMessage.Of(task.Error),
        OccurredAt = time.GetUtcNow(), // a container's clock is not asked
    };

    private SwitchTrigger TriggerOf(AgentRow agent, Candidate limited, bool isEarly) => new()
    {
        SubscriptionId = limited.Id,
        Subscription = limited.Name,
        Generation = agent.Generation,
        Fingerprint = limited.Fingerprint,
        Kind = FailureKind.RateLimit,
        Source = FailureSource.Dispatch,
        OccurredAt = time.GetUtcNow(),
        IsEarly = isEarly,
    };

    private static SwitchDecision DecisionOf(Situation situation, SwitchTrigger trigger, CredentialDelivery? delivery) => new()
    {
        Action = situation.Plan.Action,
        AgentId = situation.Agent.Id,
        Agent = situation.Agent.Name,
        Trigger = trigger,
        NewSubscription = situation.Plan.Target?.Name,
        Failures = situation.Failures,
        Generation = situation.Agent.Generation,
        Delivery = delivery,
        EarliestReset = situation.Plan.EarliestReset,
        Reason = situation.Plan.Reason,
        Candidates = situation.Plan.Candidates,
        Headroom = situation.Plan.Target?.Headroom,
        Retry = delivery?.IsApplied ?? (situation.Plan.Action == SwitchAction.Stale && situation.Agent.Auth != AgentAuth.None && situation.Agent.Generation > trigger.Generation),
    };

    /// <summary>An agent as it was when it was decided on, what was decided, and how often it had failed.</summary>
    private sealed record Situation(AgentRow Agent, SwitchPlan Plan, int Failures);

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.AutoSwitchFailed, LogLevel.Error, "What follows from a failure of agent {Agent} could not be decided or done.")]
        public static partial void Failed(ILogger logger, string agent, Exception exception);
    }
}
