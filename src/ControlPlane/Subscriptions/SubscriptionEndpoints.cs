using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Rollouts;
using Trinity.ControlPlane.VirtualKeys;

namespace Trinity.ControlPlane.Subscriptions;

/// <summary><c>/subscriptions</c>: the plans that agents work on.</summary>
internal static class SubscriptionEndpoints
{
    public static void MapSubscriptions(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/subscriptions").WithTags("Subscriptions");
        group.MapGet("", ListAsync).WithSummary("All subscriptions, their tokens masked.");
        group.MapGet("/{idOrName}", GetAsync).WithSummary("One subscription; its ETag is the version that If-Match takes.");
        var writes = group.MapWrites();
        writes.MapPost("", PutAsync).Accepts<PutSubscriptionRequest>("application/json")
            .WithName("PutSubscription").WithSummary("Registers a subscription; under the name of one that exists, rolls its token over.");
        group.MapPost("/test", TestAsync).Accepts<TestSubscriptionRequest>("application/json")
            .WithName("TestSubscription").WithSummary("Asks the provider about a token, before or after it is saved, with a request for a single token of text.");
        writes.MapDelete("/{idOrName}", DeleteAsync).WithSummary("Deletes a subscription and takes its token out of every agent; its reply names the rollout.").WithIfMatch();
    }

    public static Outcome<IdOrName> Target(string text) =>
        IdOrName.TryParse(text, VirtualKeyRules.IsName, out var target) ? target : Problem.NotFound($"There is no subscription '{text}'.");

    private static async Task<Ok<ItemList<SubscriptionView>>> ListAsync(SubscriptionService subscriptions, CancellationToken cancellationToken) =>
        TypedResults.Ok(new ItemList<SubscriptionView>(await subscriptions.ListAsync(cancellationToken)));

    private static async Task<Results<Ok<SubscriptionView>, ProblemHttpResult>> GetAsync(
        string idOrName, HttpContext http, SubscriptionService subscriptions, CancellationToken cancellationToken)
    {
        if (Target(idOrName).Failed(out var problem, out var target) || (await subscriptions.GetAsync(target, cancellationToken)).Failed(out problem, out var view))
        {
            return problem.ToResult();
        }

        http.Response.Headers.ETag = VersionCondition.TagOf(view.Version);
        return TypedResults.Ok(view);
    }

    private static async Task<Results<Created<SubscriptionView>, Ok<SubscriptionView>, ProblemHttpResult>> PutAsync(
        HttpContext http, SubscriptionService subscriptions, AgentRollouts rollouts, CancellationToken cancellationToken)
    {
        var request = PutSubscriptionRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        if ((await subscriptions.PutAsync(request, http.User.OperatorName(), cancellationToken)).Failed(out var problem, out var put))
        {
            return problem.ToResult();
        }

        var view = put.Written.Value with { Rollout = await rollouts.ReportAsync(http, put.Written, cancellationToken) };
        http.Response.Headers.ETag = VersionCondition.TagOf(view.Version);
        return put.Created ? TypedResults.Created($"/api/v1/subscriptions/{view.Id}", view) : TypedResults.Ok(view);
    }

    private static async Task<Results<Ok<SubscriptionTest>, ProblemHttpResult>> TestAsync(HttpContext http, SubscriptionService subscriptions, CancellationToken cancellationToken)
    {
        var request = TestSubscriptionRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        return (await subscriptions.TestAsync(request, cancellationToken)).Failed(out var problem, out var test) ? problem.ToResult() : TypedResults.Ok(test);
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string idOrName, HttpContext http, SubscriptionService subscriptions, AgentRollouts rollouts, CancellationToken cancellationToken)
    {
        if (Target(idOrName).Failed(out var problem, out var target)
            || (await subscriptions.DeleteAsync(target, VersionCondition.Of(http.Request), http.User.OperatorName(), cancellationToken)).Failed(out problem, out var written))
        {
            return problem.ToResult();
        }

        await rollouts.ReportAsync(http, written, cancellationToken);
        return TypedResults.NoContent();
    }
}
