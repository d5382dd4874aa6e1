using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Agents;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OpenApi;
using Trinity.ControlPlane.VirtualKeys;

namespace Trinity.ControlPlane.Timeline;

/// <summary><c>/agents/{idOrName}/timeline</c>: what happened to an agent, and why.</summary>
internal static class TimelineEndpoints
{
    public static void MapTimeline(this RouteGroupBuilder api) =>
        api.MapGet("/agents/{idOrName}/timeline", ListAsync).WithTags("Agents").WithName("GetAgentTimeline")
            .WithSummary("What happened to an agent and why, newest first; a deleted agent's too.").WithPaging();

    private static async Task<Results<Ok<Page<TimelineView>>, ProblemHttpResult>> ListAsync(
        string idOrName, HttpRequest request, AgentStore agents, TimelineStore timeline, CancellationToken cancellationToken)
    {
        var query = new QueryFields(request.Query);
        var limit = query.Number("limit", 1, Page<TimelineView>.MaxLimit, Page<TimelineView>.DefaultLimit);
        var after = query.Id("after");
        if (query.Check() is { } problem)
        {
            return problem.ToResult();
        }

        var missing = Problem.NotFound($"There is no agent '{idOrName}', and there was none.");
        if (!IdOrName.TryParse(idOrName, VirtualKeyRules.IsName, out var target))
        {
            return missing.ToResult();
        }

        var agent = await FindAsync(agents, target, cancellationToken);
        var rows = await timeline.ListAsync(agent?.Id ?? target.Id, target.Name, after, limit + 1, cancellationToken);
        return agent is null && rows.Count == 0 && after is null
            ? missing.ToResult()
            : TypedResults.Ok(Page.Of([.. rows.Select(TimelineView.Of)], limit, entry => entry.Id));
    }

    private static async Task<AgentRow?> FindAsync(AgentStore agents, IdOrName target, CancellationToken cancellationToken)
    {
        await using var connection = await agents.OpenAsync(cancellationToken);
        return await agents.FindAsync(connection, target, cancellationToken);
    }
}

/// <summary>One entry of an agent's timeline.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Agent">The agent's name then.</param>
/// <param name="At">When it happened first.</param>
/// <param name="Kind">Such as <c>subscription_auto_switch</c>.</param>
/// <param name="Summary">In a sentence.</param>
/// <param name="Details">What was known and weighed.</param>
/// <param name="Occurrences">How often it happened in the same situation.</param>
/// <param name="LastAt">When it happened last.</param>
internal sealed record TimelineView(Guid Id, string Agent, DateTime At, string Kind, string Summary, JsonElement Details, int Occurrences, DateTime LastAt)
{
    public static TimelineView Of(TimelineRow row) => new(row.Id, row.Agent, row.At, row.Kind, row.Summary, JsonElement.Parse(row.Details), row.Occurrences, row.LastAt);
}
