using System.Globalization;
using System.Text.Json.Nodes;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Notifications;
using Trinity.ControlPlane.Timeline;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>Tells what was decided and why: the agent's timeline, a notification, the log and a metric. None of them can undo what was done.</summary>
internal sealed partial class SwitchJournal(TimelineStore timeline, NotificationStore notifications, AutoSwitchMetrics metrics, TimeProvider time, ILogger<SwitchJournal> logger)
{
    public async Task WriteAsync(SwitchDecision decision, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var summary = SummaryOf(decision);
        metrics.Decided(decision);
        Tell(decision, summary);
        var isNew = await TryAsync(decision.Agent, SwitchActions.NameOf(decision.Action), async () => await timeline.AddAsync(Guid.CreateVersion7(now), now, EntryOf(decision, summary, now), cancellationToken));
        if (isNew && decision.Action is SwitchAction.Switch or SwitchAction.FallBack or SwitchAction.NoAlternative)
        {
            var notification = new Notification(decision.Trigger.IsEarly ? "info" : "high", "subscription", decision.Agent, summary) { Details = DetailsOf(decision) };
            await TryAsync(decision.Agent, SwitchActions.NameOf(decision.Action), async () =>
            {
                await notifications.AddAsync(Guid.CreateVersion7(now), now, notification, cancellationToken);
                return true;
            });
        }
    }

    /// <summary>Tells how an agent's subscription was chosen, when it is new or had lost its credential.</summary>
    public async Task PlacedAsync(AgentRow agent, SwitchPlan choice, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var entry = new TimelineEntry(agent.Id, agent.Name, "subscription_assigned", $"{agent.Name} was given {choice.Target?.Name}. {choice.Reason}") { Details = DetailsOf(choice) };
        await TryAsync(agent.Name, "subscription_assigned", () => timeline.AddAsync(Guid.CreateVersion7(now), now, entry, cancellationToken));
    }

    /// <summary>Tells that an agent has no credential and got none.</summary>
    public async Task NotPlacedAsync(AgentRow agent, SwitchPlan choice, CancellationToken cancellationToken)
    {
        const string kind = "subscription_not_assigned";
        var now = time.GetUtcNow();
        var summary = $"{agent.Name} has no credential. {choice.Reason}";
        Log.NoAlternative(logger, summary);
        await TryAsync(agent.Name, kind, () => timeline.AddAsync(Guid.CreateVersion7(now), now, new TimelineEntry(agent.Id, agent.Name, kind, summary) { Details = DetailsOf(choice) }, cancellationToken));
        await TryAsync(agent.Name, kind, async () =>
        {
            await notifications.AddAsync(Guid.CreateVersion7(now), now, new Notification("high", "subscription", agent.Name, summary) { Details = DetailsOf(choice) }, cancellationToken);
            return true;
        });
    }

    private static JsonObject DetailsOf(SwitchPlan choice) =>
        new() { ["new_subscription"] = choice.Target?.Name, ["reason"] = choice.Reason, ["candidates"] = ListOf(choice.Candidates) };

    private static JsonArray ListOf(IEnumerable<CandidateVerdict> candidates) =>
        new([.. candidates.Select(each => new JsonObject { ["subscription"] = each.Subscription, ["verdict"] = each.Verdict, ["reason"] = each.Reason })]);

    private static TimelineEntry EntryOf(SwitchDecision decision, string summary, DateTimeOffset now) => new(decision.AgentId, decision.Agent, KindOf(decision.Action), summary)
    {
        Details = DetailsOf(decision),
        RepeatKey = RepeatKeyOf(decision, now),
    };

    private static string KindOf(SwitchAction action) => action switch
    {
        SwitchAction.Switch => "subscription_auto_switch",
        SwitchAction.FallBack => "subscription_api_key_fallback",
        SwitchAction.NoAlternative => "subscription_no_alternative",
        SwitchAction.Stale => "subscription_failure_stale",
        SwitchAction.Stay => "subscription_over_ceiling",
        _ => "subscription_auto_switch_off",
    };

    // A client repeats a refused request many times, and many tasks fail for one reason: that is one entry with a count.
    private static string? RepeatKeyOf(SwitchDecision decision, DateTimeOffset now)
    {
        var (name, subscription, generation) = (SwitchActions.NameOf(decision.Action), decision.Trigger.SubscriptionId, decision.Trigger.Generation);
        return decision.Action switch
        {
            SwitchAction.Stale => string.Create(CultureInfo.InvariantCulture, $"{name}:{subscription}:{generation}:{decision.Generation}"),
            SwitchAction.NoAlternative or SwitchAction.Off or SwitchAction.Stay => string.Create(
                CultureInfo.InvariantCulture, $"{name}:{subscription}:{decision.Generation}:{now.Ticks / SubscriptionHealth.SkipWindow.Ticks}"),
            _ => null,
        };
    }

    private static string SummaryOf(SwitchDecision decision)
    {
        var (old, why) = (decision.Trigger.Subscription, decision.Trigger.Why);
        return decision.Action switch
        {
            SwitchAction.Switch => $"{decision.Agent} was moved from {old} to {decision.NewSubscription}: {old} {why}.",
            SwitchAction.FallBack => $"{decision.Agent} goes on with its provider's own keys: {old} {why}, and no other subscription can be used.",
            SwitchAction.NoAlternative when decision.EarliestReset is { } reset => $"{decision.Agent} stays on {old}, which {why}. {decision.Reason} The first subscription serves again at {Text(reset)}.",
            SwitchAction.NoAlternative => $"{decision.Agent} stays on {old}, which {why}. {decision.Reason}",
            SwitchAction.Stale => $"{old} {why}, and {decision.Agent} was left where it is. {decision.Reason}",
            _ => $"{decision.Agent} stays on {old}, which {why}. {decision.Reason}",
        };
    }

    private static JsonObject DetailsOf(SwitchDecision decision) => new()
    {
        ["action"] = SwitchActions.NameOf(decision.Action),
        ["old_subscription"] = decision.Trigger.Subscription,
        ["new_subscription"] = decision.NewSubscription,
        ["failure_kind"] = decision.Trigger.KindName,
        ["failure_source"] = decision.Trigger.Source,
        ["failure_generation"] = decision.Trigger.Generation,
        ["failures"] = decision.Failures,
        ["generation"] = decision.Generation,
        ["reason"] = decision.Reason,
        ["candidates"] = ListOf(decision.Candidates),
        ["delivery"] = decision.Delivery is { } delivery ? new JsonObject { ["result"] = delivery.Result, ["generation"] = delivery.Generation, ["detail"] = delivery.Detail } : null,
        ["headroom"] = decision.Headroom is { } headroom
            ? new JsonObject { ["observed_at"] = Text(headroom.ObservedAt), ["limits"] = JsonNode.Parse(headroom.Limits.ToJson()) }
            : null,
        ["earliest_reset"] = decision.EarliestReset is { } reset ? Text(reset) : null,
    };

    private static string Text(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private async Task<bool> TryAsync(string agent, string what, Func<Task<bool>> write)
    {
        try
        {
            return await write();
        }
        catch (Exception exception)
        {
            Log.NotExplained(logger, agent, what, exception);
            return true;
        }
    }

    private void Tell(SwitchDecision decision, string summary)
    {
        if (decision.IsSwitched)
        {
            Log.Switched(logger, summary, decision.Delivery?.Result ?? "", decision.Trigger.Generation);
        }
        else if (decision.Action == SwitchAction.NoAlternative)
        {
            Log.NoAlternative(logger, summary);
        }
        else
        {
            Log.Left(logger, summary);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(ControlPlaneEventIds.AgentSwitched, LogLevel.Information, "{Summary} The credential's delivery: {Result}; the failure was of generation {Generation}.")]
        public static partial void Switched(ILogger logger, string summary, string result, long generation);

        [LoggerMessage(ControlPlaneEventIds.NoAlternative, LogLevel.Warning, "{Summary}")]
        public static partial void NoAlternative(ILogger logger, string summary);

        [LoggerMessage(ControlPlaneEventIds.FailureWithoutSwitch, LogLevel.Debug, "{Summary}")]
        public static partial void Left(ILogger logger, string summary);

        [LoggerMessage(ControlPlaneEventIds.SwitchNotExplained, LogLevel.Error, "The decision on agent {Agent} ({Action}) stands, but could not be written down in full.")]
        public static partial void NotExplained(ILogger logger, string agent, string action, Exception exception);
    }
}
