using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Rollouts;

namespace Trinity.ControlPlane.Replicas;

/// <summary><c>/replicas</c>: the fleet of bridges.</summary>
internal static class ReplicaEndpoints
{
    public static void MapReplicas(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/replicas").WithTags("Replicas");
        group.MapGet("", async Task<Ok<Fleet>> (ReplicaService replicas, CancellationToken cancellationToken) => TypedResults.Ok(await replicas.ListAsync(cancellationToken)))
            .WithSummary("All bridge replicas with what they serve and drain.");
        group.MapWrites().MapDelete("/{id}", RemoveAsync).WithSummary("Removes a lost replica that is known to be gone, so that it no longer blocks rollouts.");
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RemoveAsync(
        string id, HttpContext http, ReplicaService replicas, WriteReporter reporter, CancellationToken cancellationToken)
    {
        if (!Guid.TryParseExact(id, "D", out var replica))
        {
            return Problem.Invalid("id", "This must be an id (a UUID).").ToResult();
        }

        if ((await replicas.RemoveAsync(replica, http.User.OperatorName(), cancellationToken)).Failed(out var problem, out var written))
        {
            return problem.ToResult();
        }

        await reporter.ReportAsync(http, written, cancellationToken);
        return TypedResults.NoContent();
    }
}
