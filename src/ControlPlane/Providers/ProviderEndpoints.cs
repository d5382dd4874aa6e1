using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.Rollouts;

namespace Trinity.ControlPlane.Providers;

/// <summary><c>/providers</c>: where requests may go, and with which credentials.</summary>
internal static class ProviderEndpoints
{
    public static void MapProviders(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/providers").WithTags("Providers");
        group.MapGet("", ListAsync).WithSummary("All providers, disabled ones included, with their status.");
        group.MapGet("/{idOrName}", GetAsync).WithName("GetProvider").WithSummary("One provider; its ETag is the version that If-Match takes.");
        group.MapPost("/{idOrName}/test", TestAsync).Accepts<TestProviderRequest>("application/json")
            .WithName("TestProvider").WithSummary("Calls the provider once, with its first key or the one in the body.");

        var writes = group.MapWrites();
        writes.MapPost("", CreateAsync).Accepts<CreateProviderRequest>("application/json").WithName("CreateProvider").WithSummary("Adds a provider.");
        writes.MapPatch("/{idOrName}", UpdateAsync).Accepts<UpdateProviderRequest>("application/json")
            .WithName("UpdateProvider").WithSummary("Changes a provider; omitted members stay as they are.").WithIfMatch();
        writes.MapDelete("/{idOrName}", DeleteAsync).WithSummary("Removes a provider and its keys; requests in flight finish.").WithIfMatch();
        writes.MapPost("/{idOrName}/rotate", RotateAsync).Accepts<RotateProviderRequest>("application/json")
            .WithName("RotateProvider").WithSummary("Replaces a credential and starts a rollout that tells when the old one is safe to revoke.").WithIfMatch();
    }

    private static async Task<Ok<ItemList<ProviderView>>> ListAsync(ProviderService providers, CancellationToken cancellationToken) =>
        TypedResults.Ok(new ItemList<ProviderView>(await providers.ListAsync(cancellationToken)));

    private static async Task<Results<Ok<ProviderView>, ProblemHttpResult>> GetAsync(string idOrName, HttpContext http, ProviderService providers, CancellationToken cancellationToken)
    {
        if (Target(idOrName).Failed(out var problem, out var target) || (await providers.GetAsync(target, cancellationToken)).Failed(out problem, out var view))
        {
            return problem.ToResult();
        }

        http.Response.Headers.ETag = VersionCondition.TagOf(view.Version);
        return TypedResults.Ok(view);
    }

    private static async Task<Results<Created<ProviderView>, ProblemHttpResult>> CreateAsync(
        HttpContext http, ProviderService providers, WriteReporter reporter, CancellationToken cancellationToken)
    {
        var request = CreateProviderRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        if ((await providers.CreateAsync(request, http.User.OperatorName(), cancellationToken)).Failed(out var problem, out var written))
        {
            return problem.ToResult();
        }

        var applied = await reporter.ReportAsync(http, written, cancellationToken);
        http.Response.Headers.ETag = VersionCondition.TagOf(written.Value.Version);
        return TypedResults.Created($"/api/v1/providers/{written.Value.Id}", written.Value with { Applied = applied });
    }

    private static async Task<Results<Ok<ProviderView>, ProblemHttpResult>> UpdateAsync(
        string idOrName, HttpContext http, ProviderService providers, WriteReporter reporter, CancellationToken cancellationToken)
    {
        if (Target(idOrName).Failed(out var problem, out var target))
        {
            return problem.ToResult();
        }

        var request = UpdateProviderRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        var outcome = await providers.UpdateAsync(target, VersionCondition.Of(http.Request), request, http.User.OperatorName(), cancellationToken);
        if (outcome.Failed(out problem, out var written))
        {
            return problem.ToResult();
        }

        var applied = await reporter.ReportAsync(http, written, cancellationToken);
        http.Response.Headers.ETag = VersionCondition.TagOf(written.Value.Version);
        return TypedResults.Ok(written.Value with { Applied = applied });
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(
        string idOrName, HttpContext http, ProviderService providers, WriteReporter reporter, CancellationToken cancellationToken)
    {
        if (Target(idOrName).Failed(out var problem, out var target)
            || (await providers.DeleteAsync(target, VersionCondition.Of(http.Request), http.User.OperatorName(), cancellationToken)).Failed(out problem, out var written))
        {
            return problem.ToResult();
        }

        await reporter.ReportAsync(http, written, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<Results<Accepted<RolloutView>, ProblemHttpResult>> RotateAsync(
        string idOrName, HttpContext http, ProviderService providers, RolloutService rollouts, WriteReporter reporter, CancellationToken cancellationToken)
    {
        if (Target(idOrName).Failed(out var problem, out var target))
        {
            return problem.ToResult();
        }

        var request = RotateProviderRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        var outcome = await providers.RotateAsync(target, VersionCondition.Of(http.Request), request, http.User.OperatorName(), cancellationToken);
        if (outcome.Failed(out problem, out var written))
        {
            return problem.ToResult();
        }

        var applied = await reporter.ReportAsync(http, written, cancellationToken);
        var id = written.RolloutId!.Value; // a rotation always retires a key
        return (await rollouts.GetAsync(id, cancellationToken)).Failed(out problem, out var rollout)
            ? problem.ToResult()
            : TypedResults.Accepted(RolloutEndpoints.PathOf(id), rollout with { Applied = applied });
    }

    private static async Task<Results<Ok<ProbeResult>, ProblemHttpResult>> TestAsync(
        string idOrName, HttpContext http, ProviderTestService tests, CancellationToken cancellationToken)
    {
        if (Target(idOrName).Failed(out var problem, out var target))
        {
            return problem.ToResult();
        }

        var body = await JsonBody.ReadOptionalAsync(http.Request, cancellationToken);
        var request = body is null ? null : TestProviderRequest.Read(body);
        return (await tests.TestAsync(target, request, cancellationToken)).Failed(out problem, out var result) ? problem.ToResult() : TypedResults.Ok(result);
    }

    private static Outcome<IdOrName> Target(string idOrName) => IdOrName.TryParse(idOrName, ProviderRules.IsName, out var target)
        ? target
        : Problem.Invalid("idOrName", "This is neither an id (a UUID) nor a provider's name.");
}
