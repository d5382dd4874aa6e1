using Trinity.ControlPlane.AutoSwitch;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Agents;

/// <summary>How a task ended.</summary>
/// <param name="Task">As the agent reports it; its credential is the one that it was started with.</param>
/// <param name="AutoSwitch">What followed from a refusal of the agent's subscription; null: nothing was refused.</param>
/// <param name="FirstTaskId">The task that was refused, when <paramref name="Task"/> is its second try, after a switch; else null.</param>
internal sealed record AgentTaskReply(TaskView Task, AutoSwitchView? AutoSwitch, string? FirstTaskId);

/// <summary>What followed from a refusal of an agent's subscription. The agent's timeline has the whole of it.</summary>
/// <param name="Action"><c>switched</c>, <c>api_key_fallback</c>, <c>no_alternative</c>, <c>stale</c> (the agent had left that credential already) or <c>off</c>.</param>
/// <param name="OldSubscription">The one that was refused, or too full.</param>
/// <param name="NewSubscription">Where the agent went; null: nowhere, or to its provider's own keys.</param>
/// <param name="FailureKind"><c>rate_limit</c>, <c>auth</c>, or <c>soft_ceiling</c> where nothing was refused yet.</param>
/// <param name="Reason">Why, in a sentence.</param>
/// <param name="RestartResult">How the agent took its new credential; null: it got none.</param>
/// <param name="Retryable">Whether the same task can go well now.</param>
/// <param name="EarliestReset">When the first of the refused subscriptions is known to serve again.</param>
internal sealed record AutoSwitchView(
    string Action, string OldSubscription, string? NewSubscription, string FailureKind, string Reason, string? RestartResult, bool Retryable, DateTimeOffset? EarliestReset)
{
    public static AutoSwitchView? Of(SwitchDecision? decision) => decision is null or { Action: SwitchAction.Stay } ? null : new(
        SwitchActions.NameOf(decision.Action),
        decision.Trigger.Subscription,
        decision.NewSubscription,
        decision.Trigger.KindName,
        decision.Reason,
        decision.Delivery?.Result,
        decision.Retry,
        decision.EarliestReset);
}
