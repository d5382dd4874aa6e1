using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary><c>POST /subscriptions/simulate</c>: what would happen if a subscription failed now.</summary>
internal static class SimulationEndpoints
{
    public static void MapSimulation(this RouteGroupBuilder api) =>
        api.MapPost("/subscriptions/simulate", RunAsync).Accepts<SimulateRequest>("application/json").WithTags("Subscriptions").WithName("SimulateSubscriptionFailure")
            .WithSummary("What would happen to each agent if a subscription reached its limit, or its token was refused, now. Nothing is changed.");

    private static async Task<Results<Ok<SimulationView>, ProblemHttpResult>> RunAsync(HttpContext http, SwitchSimulator simulator, CancellationToken cancellationToken)
    {
        var request = SimulateRequest.Read(await JsonBody.ReadAsync(http.Request, cancellationToken));
        return (await simulator.RunAsync(request, cancellationToken)).Failed(out var problem, out var view) ? problem.ToResult() : TypedResults.Ok(view);
    }
}
