using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Rollouts;

namespace Trinity.ControlPlane.OperatorTokens;

/// <summary><c>/operator-tokens</c>: who may use this API. Admins only, reads included.</summary>
internal static class OperatorTokenEndpoints
{
    public static void MapOperatorTokens(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/operator-tokens").WithTags("Operator tokens").RequireAuthorization(OperatorPolicies.Admin);
        group.MapGet("", ListAsync).WithSummary("Active operator tokens, masked.");
        var writes = group.MapWrites();
        writes.MapPost("", CreateAsync).Accepts<CreateOperatorTokenRequest>("application/json")
            .WithName("CreateOperatorToken").WithSummary("Makes a token; the reply shows it this once.");
        writes.MapDelete("/{idOrName}", RevokeAsync).WithSummary("Revokes a token at once; the last admin's is refused.");
    }

    private static async Task<Ok<ItemList<OperatorTokenView>>> ListAsync(OperatorTokenService tokens, CancellationToken cancellationToken) =>
        TypedResults.Ok(new ItemList<OperatorTokenView>([.. (await tokens.ListAsync(cancellationToken)).Select(row => OperatorTokenView.Of(row))]));

    private static async Task<Results<Created<OperatorTokenView>, ProblemHttpResult>> CreateAsync(
        HttpContext http, OperatorTokenService tokens, WriteReporter reporter, CancellationToken cancellationToken)
    {
        var fields = await JsonBody.ReadAsync(http.Request, cancellationToken);
        var (name, role) = (fields.Raw("name").Value, fields.Raw("role").Value);
        fields.RejectUnknown();
        if ((await tokens.CreateAsync(name, role, fields.Errors, http.User.OperatorName(), cancellationToken)).Failed(out var problem, out var written))
        {
            return problem.ToResult();
        }

        await reporter.ReportAsync(http, written, cancellationToken);
        http.Response.Headers.CacheControl = "no-store";
        return TypedResults.Created((string?)null, OperatorTokenView.Of(written.Value.Row, written.Value.Token));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> RevokeAsync(
        string idOrName, HttpContext http, OperatorTokenService tokens, WriteReporter reporter, CancellationToken cancellationToken)
    {
        if (!IdOrName.TryParse(idOrName, OperatorTokenService.IsName, out var target))
        {
            return Problem.Invalid("idOrName", "This is neither an id (a UUID) nor a token's name.").ToResult();
        }

        if ((await tokens.RevokeAsync(target, http.User.OperatorName(), cancellationToken)).Failed(out var problem, out var written))
        {
            return problem.ToResult();
        }

        await reporter.ReportAsync(http, written, cancellationToken);
        return TypedResults.NoContent();
    }
}

/// <summary>Body of <c>POST /operator-tokens</c>.</summary>
/// <param name="Name">Appears as actor in the audit trail.</param>
/// <param name="Role">admin (everything) or viewer (reads).</param>
internal sealed record CreateOperatorTokenRequest([property: Required] string? Name, [property: Required] string? Role);

/// <summary>An operator token, masked; <paramref name="Token"/> is there only in the reply that made it.</summary>
internal sealed record OperatorTokenView(
    Guid Id,
    string Name,
    string Role,
    string Hint,
    DateTime CreatedAt,
    [property: System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)] string? Token)
{
    public static OperatorTokenView Of(OperatorTokenRow row, string? token = null) => new(row.Id, row.Name, row.Role, row.Hint, row.CreatedAt, token);
}
