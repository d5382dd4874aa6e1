using Trinity.ControlPlane.AccountUsage;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Components.Models;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Subscriptions;

namespace Trinity.ControlPlane.Components;

/// <summary>Reads what the subscriptions' pages show.</summary>
internal sealed class SubscriptionModels(SubscriptionService subscriptions, AgentService agents, AccountUsageService usage)
{
    /// <param name="open">The subscription whose row is unfolded; null: none.</param>
    /// <param name="register">The form that registers one.</param>
    /// <param name="row">The form of the unfolded row.</param>
    /// <param name="notice">What was done.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task<SubscriptionsModel> ListAsync(string? open, FormState register, FormState row, string? notice, CancellationToken cancellationToken)
    {
        var rows = await subscriptions.ListAsync(cancellationToken);
        var lines = await AgentsAsync(cancellationToken);
        var bySubscription = lines.ToLookup(agent => agent.Subscription, StringComparer.Ordinal);
        var accounts = (await usage.ListSubscriptionsAsync(cancellationToken)).ToDictionary(account => account.Id, StringComparer.Ordinal);
        return new SubscriptionsModel
        {
            Subscriptions =
            [
                .. rows.Select(subscription =>
                {
                    var account = accounts.GetValueOrDefault(subscription.Name);
                    return new SubscriptionLine
                    {
                        Name = subscription.Name,
                        Type = subscription.Type,
                        Tier = subscription.Tier,
                        Hint = subscription.Hint,
                        TokenGeneration = subscription.TokenGeneration,
                        Headroom = account?.Label ?? "unknown",
                        WhyNoNewWork = account?.Placement?.Reason,
                        CreatedAt = subscription.CreatedAt,
                        Agents = [.. bySubscription[subscription.Name]],
                        IsOpen = subscription.Name == open,
                        Form = subscription.Name == open ? row : FormState.Empty,
                    };
                }),
            ],
            Agents = lines,
            Register = register,
            Notice = notice,
        };
    }

    /// <summary>What a deletion of the subscription would come to.</summary>
    public async Task<Outcome<DeleteSubscriptionModel>> DeletionAsync(IdOrName target, FormState form, CancellationToken cancellationToken)
    {
        if ((await subscriptions.GetAsync(target, cancellationToken)).Failed(out var problem, out var subscription))
        {
            return problem;
        }

        var losers = (await AgentsAsync(cancellationToken)).Where(agent => agent.Subscription == subscription.Name).ToList();
        return new DeleteSubscriptionModel(subscription.Name, subscription.Version, losers, form);
    }

    // One that is being deleted is nobody's to assign.
    private async Task<IReadOnlyList<AgentLine>> AgentsAsync(CancellationToken cancellationToken) =>
        [.. (await agents.ListAsync(cancellationToken)).Where(agent => agent.DesiredState != AgentIntent.Deleted).OrderBy(agent => agent.Name, StringComparer.Ordinal).Select(AgentModels.LineOf)];
}
