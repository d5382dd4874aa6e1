using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Audit;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.CredentialReload;
using Trinity.ControlPlane.Database;

namespace Trinity.ControlPlane.Agents;

/// <summary><c>/fleet</c>: what is done to all agents at once.</summary>
internal static class FleetEndpoints
{
    public static void MapFleet(this RouteGroupBuilder api) =>
        api.MapGroup("/fleet").WithTags("Agents").MapPost("/restart", RestartAsync)
            .WithSummary("Stops and starts every running agent's container as it is; what was reloaded into it stays. Running tasks get 30 seconds.");

    private static async Task<Ok<FleetRestart>> RestartAsync(HttpContext http, FleetRestarter fleet, CancellationToken cancellationToken) =>
        TypedResults.Ok(await fleet.RestartAsync(http.User.OperatorName(), cancellationToken));
}

/// <summary>Restarts all agents that run, a few at a time.</summary>
internal sealed class FleetRestarter(AgentStore agents, AgentLocks locks, AgentLifecycle lifecycle, AuditTrail trail, WriteTransactions writes)
{
    private const int Parallel = 4;
    private static readonly TimeSpan Grace = TimeSpan.FromSeconds(30);

    public async Task<FleetRestart> RestartAsync(string actor, CancellationToken cancellationToken)
    {
        IReadOnlyList<AgentRow> all;
        await using (var write = await writes.BeginAsync(cancellationToken))
        {
            all = await agents.ListAsync(write.Connection, cancellationToken);
            await trail.RecordAsync(write, new AuditEntry(actor, AuditActions.FleetRestart, "fleet", "agents") { Details = new JsonObject { ["agents"] = all.Count } }, cancellationToken);
            await write.CommitAsync(cancellationToken);
        }

        var items = new FleetRestartItem[all.Count];
        await System.Threading.Tasks.Parallel.ForAsync(0, all.Count, new ParallelOptions { MaxDegreeOfParallelism = Parallel, CancellationToken = cancellationToken }, async (index, token) =>
        {
            await using var held = await locks.AcquireAsync(all[index].Id, token);
            items[index] = await lifecycle.RestartAsync(held, Grace, token);
        });
        int Count(string result) => items.Count(item => item.Result == result);
        return new FleetRestart(Count("success"), Count("skipped"), Count("failed"), items);
    }
}
