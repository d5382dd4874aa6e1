using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.AgentServer.Tasks;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Credentials;

/// <summary>The credential's part of the API.</summary>
internal static class CredentialEndpoints
{
    public static void MapCredentials(this WebApplication app)
    {
        app.MapPost("/api/credentials/reload-token", Reload);
        app.MapGet("/api/credentials/status", Status);
    }

    // What is said here lets an operator revoke a credential: so it is looked now which processes still have one.
    private static Ok<CredentialStatus> Status(CredentialStore store, BackgroundJobs jobs)
    {
        jobs.LetGo();
        return TypedResults.Ok(store.Status());
    }

    private static IResult Reload(ReloadTokenRequest request, CredentialReloader reloader) => reloader.Reload(request) switch
    {
        ReloadResult.Done done => TypedResults.Ok(done.Reply),
        ReloadResult.Invalid invalid => TypedResults.ValidationProblem(new Dictionary<string, string[]>(StringComparer.Ordinal) { [invalid.Field] = [invalid.Problem] }),
        ReloadResult.Conflict conflict => TypedResults.Problem(
            conflict.Problem,
            statusCode: StatusCodes.Status409Conflict,
            extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = conflict.Code, ["generation"] = conflict.Generation, ["fingerprint"] = conflict.Fingerprint }),
        _ => TypedResults.Problem(
            "The credential could not be stored; the agent keeps the one it had.",
            statusCode: StatusCodes.Status500InternalServerError,
            extensions: new Dictionary<string, object?>(StringComparer.Ordinal) { ["code"] = "not_stored" }),
    };
}
