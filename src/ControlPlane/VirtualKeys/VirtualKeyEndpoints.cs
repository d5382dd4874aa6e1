using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OpenApi;
using Trinity.ControlPlane.Rollouts;

namespace Trinity.ControlPlane.VirtualKeys;

/// <summary><c>/virtual-keys</c>: the keys that we give to callers.</summary>
internal static class VirtualKeyEndpoints
{
    public static void MapVirtualKeys(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/virtual-keys").WithTags("Virtual keys");
        group.MapGet("", ListAsync).WithSummary("All virtual keys, masked.").WithQuery("include", "`revoked`: revoked ones too.");
        group.MapGet("/{idOrName}", GetAsync).WithSummary("One virtual key; its ETag is the version that If-Match takes.");
        var writes = group.MapWrites();
        writes.MapPost("", CreateAsync).Accepts<CreateVirtualKeyRequest>("application/json")
            .WithName("CreateVirtualKey").WithSummary("Makes a virtual key; the reply shows it this once.");
        writes.MapPatch("/{idOrName}", UpdateAsync).Accepts<UpdateVirtualKeyRequest>("application/json")
            .WithName("UpdateVirtualKey").WithSummary("Changes what a virtual key may use; omitted members stay as they are.").WithIfMatch();
        writes.MapDelete("/{idOrName}", RevokeAsync).WithSummary("Revokes a virtual key; requests in flight finish.").WithIfMatch();
    }

    private static async Task<Results<Ok<ItemList<VirtualKeyView>>, ProblemHttpResult>> ListAsync(HttpRequest request, VirtualKeyService keys, CancellationToken cancellationToken)
    {
        var query = new QueryFields(request.Query);
        var include = query.OneOf("include", "revoked");
        return query.Check() is { } problem
            ? problem.ToResult()
            : TypedResults.Ok(new ItemList<VirtualKeyView>(await keys.ListAsync(include is not null, cancellationToken)));
    }

    private static async Task<Results<Ok<VirtualKeyView>, ProblemHttpResult>> GetAsync(string idOrName, HttpContext http, VirtualKeyService keys, CancellationToken cancellationToken)
    {
        if (Target(idOrName).Failed(out var problem, out var target) || (await keys.GetAsync(target, cancellationToken)).Failed(out problem, out var view))
        {
            return problem.ToResult();
        }

        http.Response.Headers.ETag = VersionCondition.TagOf(view.Version);
        return TypedResults.Ok(view);
    }

    private static async Task<Results<Created<VirtualKeyView>, ProblemHttpResult>> CreateAsync(
        HttpContext http, VirtualKeyService keys, WriteReporter reporter, CancellationToken cancellationToken)
    {
        var request = CreateVirtualKeyRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        if ((await keys.CreateAsync(request, http.User.OperatorName(), cancellationToken)).Failed(out var problem, out var written))
        {
            return problem.ToResult();
        }

        var applied = await reporter.ReportAsync(http, written, cancellationToken);
        http.Response.Headers.ETag = VersionCondition.TagOf(written.Value.Version);
        return TypedResults.Created($"/api/v1/virtual-keys/{written.Value.Id}", written.Value with { Applied = applied });
    }

    private static async Task<Results<Ok<VirtualKeyView>, ProblemHttpResult>> UpdateAsync(
        string idOrName, HttpContext http, VirtualKeyService keys, WriteReporter reporter, CancellationToken cancellationToken)
    {
        if (Target(idOrName).Failed(out var problem, out var target))
        {
            return problem.ToResult();
        }

        var request = UpdateVirtualKeyRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        if ((await keys.UpdateAsync(target, VersionCondition.Of(http.Request), request, http.User.OperatorName(), cancellationToken)).Failed(out problem, out var written))
        {
            return problem.ToResult();
        }

        var applied = await reporter.ReportAsync(http, written, cancellationToken);
        http.Response.Headers.ETag = VersionCondition.TagOf(written.Value.Version);
        return TypedResults.Ok(written.Value with { Applied = applied });
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(
        string idOrName, HttpContext http, VirtualKeyService keys, WriteReporter reporter, CancellationToken cancellationToken)
    {
        if (Target(idOrName).Failed(out var problem, out var target)
            || (await keys.RevokeAsync(target, VersionCondition.Of(http.Request), http.User.OperatorName(), cancellationToken)).Failed(out problem, out var written))
        {
            return problem.ToResult();
        }

        await reporter.ReportAsync(http, written, cancellationToken);
        return TypedResults.NoContent();
    }

    private static Outcome<IdOrName> Target(string idOrName) => IdOrName.TryParse(idOrName, VirtualKeyRules.IsName, out var target)
        ? target
        : Problem.Invalid("idOrName", "This is neither an id (a UUID) nor a virtual key's name.");
}
