using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OpenApi;

namespace Trinity.ControlPlane.Rollouts;

/// <summary><c>/rollouts</c>: whether retired credentials are still in use anywhere.</summary>
internal static class RolloutEndpoints
{
    public static string PathOf(Guid id) => $"/api/v1/rollouts/{id}";

    public static void MapRollouts(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/rollouts").WithTags("Rollouts");
        group.MapGet("", ListAsync).WithSummary("Recent rollouts, newest first.").WithPaging().WithQuery("provider", "Only this provider's.");
        group.MapGet("/{id}", GetAsync).WithName("GetRollout").WithSummary("How far a rollout is, and whether its retired keys are safe to revoke.");
    }

    private static async Task<Results<Ok<Page<RolloutView>>, ProblemHttpResult>> ListAsync(HttpRequest request, RolloutService rollouts, CancellationToken cancellationToken)
    {
        var query = new QueryFields(request.Query);
        var limit = query.Number("limit", 1, Page<RolloutView>.MaxLimit, Page<RolloutView>.DefaultLimit);
        var after = query.Id("after");
        var provider = query.Text("provider");
        return query.Check() is { } problem ? problem.ToResult() : TypedResults.Ok(await rollouts.ListAsync(after, provider, limit, cancellationToken));
    }

    private static async Task<Results<Ok<RolloutView>, ProblemHttpResult>> GetAsync(string id, RolloutService rollouts, CancellationToken cancellationToken)
    {
        if (!Guid.TryParseExact(id, "D", out var rolloutId))
        {
            return Problem.Invalid("id", "This must be an id (a UUID).").ToResult();
        }

        return (await rollouts.GetAsync(rolloutId, cancellationToken)).Failed(out var problem, out var view) ? problem.ToResult() : TypedResults.Ok(view);
    }
}
