using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OpenApi;

namespace Trinity.ControlPlane.Usage;

/// <summary><c>/usage</c>: requests and tokens, summed.</summary>
internal static class UsageEndpoints
{
    private const int DefaultDays = 30;
    private const int MaxDays = 366;

    public static void MapUsage(this RouteGroupBuilder api) =>
        api.MapGet("/usage", SumAsync).WithTags("Usage").WithSummary("Requests and tokens, summed by group.")
            .WithQuery("group_by", "`provider` (unless told), `model`, `key`, `agent` or `day`.")
            .WithQuery("from", "A date or RFC 3339 time; 30 days before `to` unless told.")
            .WithQuery("to", "A date or RFC 3339 time, not included; now unless told.");

    private static async Task<Results<Ok<ItemList<UsageView>>, ProblemHttpResult>> SumAsync(HttpRequest request, UsageStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        var query = new QueryFields(request.Query);
        var groupBy = query.OneOf("group_by", UsageStore.Groups) ?? "provider";
        var to = query.Time("to") ?? time.GetUtcNow();
        var from = query.Time("from") ?? to.AddDays(-DefaultDays);
        if (from >= to)
        {
            query.Reject("from", "This must be before 'to'.");
        }
        else if (to - from > TimeSpan.FromDays(MaxDays))
        {
            query.Reject("from", $"The range must not be longer than {MaxDays} days.");
        }

        return query.Check() is { } problem
            ? problem.ToResult()
            : TypedResults.Ok(new ItemList<UsageView>(await store.SumAsync(groupBy, from, to, cancellationToken)));
    }
}
