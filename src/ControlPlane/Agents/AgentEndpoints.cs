using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OpenApi;

namespace Trinity.ControlPlane.Agents;

/// <summary><c>/agents</c>: containers with a coding CLI, and what they work with.</summary>
internal static class AgentEndpoints
{
    public static void MapAgents(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/agents").WithTags("Agents");
        group.MapGet("", ListAsync).WithSummary("All agents.");
        group.MapGet("/{idOrName}", GetAsync).WithSummary("One agent; its ETag is the version that If-Match takes.");
        group.MapGet("/{idOrName}/auth", GetAuthAsync).WithSummary("What an agent works with, and whether it has it.");
        group.MapGet("/{idOrName}/logs", GetLogsAsync).WithSummary("The last lines that an agent's server wrote, oldest first.").WithQuery("tail", "How many lines: 1 to 10000; omitted: 200.");
        group.MapPost("", CreateAsync).Accepts<CreateAgentRequest>("application/json").WithName("CreateAgent").WithSummary("Makes an agent, starts it, and brings it its credential.");
        group.MapPatch("/{idOrName}", UpdateAsync).Accepts<UpdateAgentRequest>("application/json")
            .WithName("UpdateAgent").WithSummary("Changes what an agent works with, in its running container.").WithIfMatch();
        group.MapPut("/{idOrName}/subscription", AssignAsync).Accepts<AssignSubscriptionRequest>("application/json")
            .WithName("AssignSubscription").WithSummary("Gives an agent a subscription, by hot reload: tasks that run finish on what they began with.").WithIfMatch();
        group.MapDelete("/{idOrName}/subscription", ClearAsync).WithSummary("Takes an agent's subscription away.").WithIfMatch()
            .WithQuery("auth", "`api_key`: the agent works with its provider's keys from then on; omitted: with nothing.");
        group.MapPost("/{idOrName}/rotate-key", RotateKeyAsync).WithSummary("Gives an agent another virtual key; the old one is revoked when no task uses it any more.").WithIfMatch();
        group.MapPost("/{idOrName}/start", StartAsync).WithSummary("Starts an agent; one that runs is not touched.");
        group.MapPost("/{idOrName}/stop", StopAsync).WithSummary("Stops an agent; its running tasks get a minute to end.");
        group.MapPost("/{idOrName}/recreate", RecreateAsync).Accepts<RecreateAgentRequest>("application/json")
            .WithName("RecreateAgent").WithSummary("Replaces an agent's container, once its running tasks have ended; its home directory stays.").WithQuery("force", "`true`: at once, ending running tasks.");
        group.MapDelete("/{idOrName}", DeleteAsync).WithSummary("Deletes an agent with its container, home directory and virtual key.").WithIfMatch();
    }

    public static Outcome<IdOrName> Target(string text) =>
        IdOrName.TryParse(text, AgentRules.IsName, out var target) ? target : Problem.NotFound($"There is no agent '{text}'.");

    private static async Task<Ok<ItemList<AgentView>>> ListAsync(AgentService agents, CancellationToken cancellationToken) =>
        TypedResults.Ok(new ItemList<AgentView>(await agents.ListAsync(cancellationToken)));

    private static async Task<Results<Ok<AgentView>, ProblemHttpResult>> GetAsync(string idOrName, HttpContext http, AgentService agents, CancellationToken cancellationToken)
    {
        if (Target(idOrName).Failed(out var problem, out var target) || (await agents.GetAsync(target, cancellationToken)).Failed(out problem, out var view))
        {
            return problem.ToResult();
        }

        http.Response.Headers.ETag = VersionCondition.TagOf(view.Version);
        return TypedResults.Ok(view);
    }

    private static async Task<Results<Ok<AgentAuthView>, ProblemHttpResult>> GetAuthAsync(string idOrName, AgentService agents, CancellationToken cancellationToken) =>
        Target(idOrName).Failed(out var problem, out var target) || (await agents.GetAsync(target, cancellationToken)).Failed(out problem, out var view)
            ? problem.ToResult()
            : TypedResults.Ok(view.Auth);

    private static async Task<Results<Ok<ItemList<AgentLogLine>>, ProblemHttpResult>> GetLogsAsync(string idOrName, HttpContext http, AgentService agents, CancellationToken cancellationToken)
    {
        var query = new QueryFields(http.Request.Query);
        var tail = query.Number("tail", 1, 10_000, 200);
        if (query.Check() is { } invalid)
        {
            return invalid.ToResult();
        }

        if (Target(idOrName).Failed(out var problem, out var target))
        {
            return problem.ToResult();
        }

        return (await agents.LogsAsync(target, tail, cancellationToken)).Failed(out problem, out var lines) ? problem.ToResult() : TypedResults.Ok(new ItemList<AgentLogLine>(lines));
    }

    private static async Task<Results<Created<AgentChangeView>, ProblemHttpResult>> CreateAsync(HttpContext http, AgentService agents, CancellationToken cancellationToken)
    {
        var request = CreateAgentRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        if ((await agents.CreateAsync(request, http.User.OperatorName(), cancellationToken)).Failed(out var problem, out var created))
        {
            return problem.ToResult();
        }

        http.Response.Headers.ETag = VersionCondition.TagOf(created.Agent.Version);
        return TypedResults.Created($"/api/v1/agents/{created.Agent.Name}", created);
    }

    private static async Task<Results<Ok<AgentChangeView>, ProblemHttpResult>> UpdateAsync(string idOrName, HttpContext http, AgentService agents, CancellationToken cancellationToken)
    {
        var request = UpdateAgentRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        return await ReplyAsync(http, idOrName, target =>
            agents.UpdateAsync(target, VersionCondition.Of(http.Request), request, AuditActions.AgentUpdate, http.User.OperatorName(), cancellationToken));
    }

    private static async Task<Results<Ok<AgentChangeView>, ProblemHttpResult>> AssignAsync(string idOrName, HttpContext http, AgentService agents, CancellationToken cancellationToken)
    {
        var request = AssignSubscriptionRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        return await ReplyAsync(http, idOrName, target => agents.AssignAsync(target, VersionCondition.Of(http.Request), request, http.User.OperatorName(), cancellationToken));
    }

    private static async Task<Results<Ok<AgentChangeView>, ProblemHttpResult>> ClearAsync(string idOrName, HttpContext http, AgentService agents, CancellationToken cancellationToken)
    {
        var query = new QueryFields(http.Request.Query);
        var auth = query.OneOf("auth", AgentAuth.ApiKey, AgentAuth.None) ?? AgentAuth.None;
        return query.Check() is { } invalid
            ? invalid.ToResult()
            : await ReplyAsync(http, idOrName, target => agents.ClearAsync(target, VersionCondition.Of(http.Request), auth, http.User.OperatorName(), cancellationToken));
    }

    private static Task<Results<Ok<AgentChangeView>, ProblemHttpResult>> RotateKeyAsync(string idOrName, HttpContext http, AgentService agents, CancellationToken cancellationToken) =>
        ReplyAsync(http, idOrName, target => agents.RotateKeyAsync(target, VersionCondition.Of(http.Request), http.User.OperatorName(), cancellationToken));

    private static Task<Results<Ok<AgentChangeView>, ProblemHttpResult>> StartAsync(string idOrName, HttpContext http, AgentService agents, CancellationToken cancellationToken) =>
        ReplyAsync(http, idOrName, target => agents.StartAsync(target, http.User.OperatorName(), cancellationToken));

    private static Task<Results<Ok<AgentChangeView>, ProblemHttpResult>> StopAsync(string idOrName, HttpContext http, AgentService agents, CancellationToken cancellationToken) =>
        ReplyAsync(http, idOrName, target => agents.StopAsync(target, http.User.OperatorName(), cancellationToken));

    private static async Task<Results<Ok<AgentChangeView>, ProblemHttpResult>> RecreateAsync(string idOrName, HttpContext http, AgentService agents, CancellationToken cancellationToken)
    {
        var query = new QueryFields(http.Request.Query);
        var force = query.OneOf("force", "true", "false") == "true";
        if (query.Check() is { } invalid)
        {
            return invalid.ToResult();
        }

        var request = RecreateAgentRequest.Read(await JsonBody.ReadOptionalAsync(http.Request, cancellationToken));
        return await ReplyAsync(http, idOrName, target => agents.RecreateAsync(target, request, force, http.User.OperatorName(), cancellationToken));
    }

    private static async Task<Results<NoContent, ProblemHttpResult>> DeleteAsync(string idOrName, HttpContext http, AgentService agents, CancellationToken cancellationToken) =>
        Target(idOrName).Failed(out var problem, out var target)
        || (await agents.DeleteAsync(target, VersionCondition.Of(http.Request), http.User.OperatorName(), cancellationToken)).Failed(out problem, out _)
            ? problem.ToResult()
            : TypedResults.NoContent();

    private static async Task<Results<Ok<AgentChangeView>, ProblemHttpResult>> ReplyAsync(HttpContext http, string idOrName, Func<IdOrName, Task<Outcome<AgentChangeView>>> act)
    {
        if (Target(idOrName).Failed(out var problem, out var target) || (await act(target)).Failed(out problem, out var change))
        {
            return problem.ToResult();
        }

        http.Response.Headers.ETag = VersionCondition.TagOf(change.Agent.Version);
        return TypedResults.Ok(change);
    }
}
