using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OpenApi;

namespace Trinity.ControlPlane.Interceptions;

/// <summary><c>/interceptions</c>: what the bridges recorded, request by request.</summary>
internal static class InterceptionEndpoints
{
    public static void MapInterceptions(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/interceptions").WithTags("Interceptions");
        group.MapGet("", ListAsync).WithSummary("Requests, newest first.").WithPaging()
            .WithQuery("provider", "Only this provider's.")
            .WithQuery("model", "Only this model's.")
            .WithQuery("client", "Only this client program's.")
            .WithQuery("outcome", "`completed`, `provider_error`, `bridge_error`, `client_abort` or `rejected`.")
            .WithQuery("session_id", "Only this session's.")
            .WithQuery("caller", "Only this virtual key's, by name.")
            .WithQuery("started_after", "A date or RFC 3339 time, included.")
            .WithQuery("started_before", "A date or RFC 3339 time, not included.");
        group.MapGet("/{id}", GetAsync).WithSummary("One request.");
    }

    private static async Task<Results<Ok<Page<InterceptionView>>, ProblemHttpResult>> ListAsync(HttpRequest request, InterceptionStore store, CancellationToken cancellationToken)
    {
        var query = new QueryFields(request.Query);
        var limit = query.Number("limit", 1, Page<InterceptionView>.MaxLimit, Page<InterceptionView>.DefaultLimit);
        var filter = new InterceptionFilter
        {
            After = query.Id("after"),
            Provider = query.Text("provider"),
            Model = query.Text("model"),
            Client = query.Text("client"),
            Outcome = query.OneOf("outcome", "completed", "provider_error", "bridge_error", "client_abort", "rejected"),
            SessionId = query.Text("session_id"),
            Caller = query.Text("caller"),
            StartedAfter = query.Time("started_after"),
            StartedBefore = query.Time("started_before"),
        };
        return query.Check() is { } problem
            ? problem.ToResult()
            : TypedResults.Ok(Page.Of(await store.ListAsync(filter, limit + 1, cancellationToken), limit, view => view.Id));
    }

    private static async Task<Results<Ok<InterceptionView>, ProblemHttpResult>> GetAsync(string id, InterceptionStore store, CancellationToken cancellationToken)
    {
        if (!Guid.TryParseExact(id, "D", out var interception))
        {
            return Problem.Invalid("id", "This must be an id (a UUID).").ToResult();
        }

        return await store.FindAsync(interception, cancellationToken) is { } view ? TypedResults.Ok(view) : Problem.NotFound($"There is no interception '{id}'.").ToResult();
    }
}
