using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Subscriptions;
using Trinity.ControlPlane.VirtualKeys;

namespace Trinity.ControlPlane.Usage;

/// <summary><c>/subscriptions/{idOrName}/usage</c>: what was done with a subscription, and by which agent.</summary>
internal static class SubscriptionUsageEndpoints
{
    public static void MapSubscriptionUsage(this RouteGroupBuilder api) =>
        api.MapGet("/subscriptions/{idOrName}/usage", GetAsync).WithTags("Subscriptions").WithName("GetSubscriptionUsage")
            .WithSummary("Requests and tokens on a subscription through the bridges, of the last five hours and seven days, with each agent's share.");

    private static async Task<Results<Ok<SubscriptionUsageView>, ProblemHttpResult>> GetAsync(
        string idOrName, SubscriptionService subscriptions, SubscriptionUsageStore usage, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!IdOrName.TryParse(idOrName, VirtualKeyRules.IsName, out var target))
        {
            return Problem.NotFound($"There is no subscription '{idOrName}'.").ToResult();
        }

        return (await subscriptions.GetAsync(target, cancellationToken)).Failed(out var problem, out var subscription)
            ? problem.ToResult()
            : TypedResults.Ok(SubscriptionUsageView.Of(subscription.Name, await usage.SumAsync(subscription.Id, time.GetUtcNow(), cancellationToken)));
    }
}
