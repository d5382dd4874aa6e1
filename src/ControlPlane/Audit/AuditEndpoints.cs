using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OpenApi;

namespace Trinity.ControlPlane.Audit;

/// <summary><c>/audit</c>: who changed what.</summary>
internal static class AuditEndpoints
{
    public static void MapAudit(this RouteGroupBuilder api) =>
        api.MapGet("/audit", ListAsync).WithTags("Audit").WithSummary("Who changed what, newest first.").WithPaging()
            .WithQuery("actor", "Only what this operator did.").WithQuery("action", "Only this action, such as `provider.rotate`.").WithQuery("target", "Only what was done to this target.");

    private static async Task<Results<Ok<Page<AuditView>>, ProblemHttpResult>> ListAsync(HttpRequest request, AuditStore store, CancellationToken cancellationToken)
    {
        var query = new QueryFields(request.Query);
        var limit = query.Number("limit", 1, Page<AuditView>.MaxLimit, Page<AuditView>.DefaultLimit);
        var filter = new AuditFilter(query.Id("after"), query.Text("actor"), query.Text("action"), query.Text("target"));
        if (query.Check() is { } problem)
        {
            return problem.ToResult();
        }

        var rows = await store.ListAsync(filter, limit + 1, cancellationToken);
        return TypedResults.Ok(Page.Of([.. rows.Select(AuditView.Of)], limit, entry => entry.Id));
    }
}

/// <summary>One entry of the audit trail.</summary>
internal sealed record AuditView(Guid Id, DateTime At, string Actor, string Action, string TargetType, string Target, JsonElement Details)
{
    public static AuditView Of(AuditRow row) => new(row.Id, row.At, row.Actor, row.Action, row.TargetType, row.Target, JsonElement.Parse(row.Details));
}
