using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OpenApi;
using Trinity.ControlPlane.Subscriptions;
using Trinity.ControlPlane.VirtualKeys;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary><c>/subscriptions/{idOrName}/failures</c>: what providers had against a subscription in the last day.</summary>
internal static class FailureEndpoints
{
    public static void MapSubscriptionFailures(this RouteGroupBuilder api) =>
        api.MapGet("/subscriptions/{idOrName}/failures", ListAsync).WithTags("Subscriptions").WithName("GetSubscriptionFailures")
            .WithSummary("A subscription's failures of the last 24 hours, newest first, booked to what each task or request had started on.").WithPaging();

    private static async Task<Results<Ok<Page<FailureView>>, ProblemHttpResult>> ListAsync(
        string idOrName, HttpRequest request, SubscriptionStore subscriptions, FailureStore failures, CancellationToken cancellationToken)
    {
        var query = new QueryFields(request.Query);
        var limit = query.Number("limit", 1, Page<FailureView>.MaxLimit, Page<FailureView>.DefaultLimit);
        var after = query.Id("after");
        if (query.Check() is { } problem)
        {
            return problem.ToResult();
        }

        if (!IdOrName.TryParse(idOrName, VirtualKeyRules.IsName, out var target) || await FindAsync(subscriptions, target, cancellationToken) is not { } subscription)
        {
            return Problem.NotFound($"There is no subscription '{idOrName}'.").ToResult();
        }

        var rows = await failures.ListAsync(subscription.Id, after, limit + 1, cancellationToken);
        return TypedResults.Ok(Page.Of([.. rows.Select(FailureView.Of)], limit, view => view.Id));
    }

    private static async Task<SubscriptionRow?> FindAsync(SubscriptionStore subscriptions, IdOrName target, CancellationToken cancellationToken)
    {
        await using var connection = await subscriptions.OpenAsync(cancellationToken);
        return await subscriptions.FindAsync(connection, target, cancellationToken);
    }
}

/// <summary>A failure as the API shows it.</summary>
internal sealed record FailureView
{
    public required Guid Id { get; init; }

    /// <summary>The agent whose task or request it was; null: a caller that is none.</summary>
    public required string? Agent { get; init; }

    /// <summary>The agent's credential generation that the task or request had started on.</summary>
    public required long? Generation { get; init; }

    /// <summary>Of the token that was refused.</summary>
    public required string? Fingerprint { get; init; }

    /// <summary><c>rate_limit</c> or <c>auth</c>.</summary>
    public required string Kind { get; init; }

    /// <summary><c>task</c> or <c>bridge</c>.</summary>
    public required string Source { get; init; }

    public required string Message { get; init; }

    /// <summary>When the limit's window begins anew, if the provider said so.</summary>
    public required DateTime? ResetsAt { get; init; }

    /// <summary>When the provider wants to be asked again, if it said so.</summary>
    public required DateTime? RetryAt { get; init; }

    public required DateTime OccurredAt { get; init; }

    public static FailureView Of(FailureRow row) => new()
    {
        Id = row.Id,
        Agent = row.Agent,
        Generation = row.Generation,
        Fingerprint = row.Fingerprint,
        Kind = row.Kind,
        Source = row.Source,
        Message = row.Message,
        ResetsAt = row.ResetsAt,
        RetryAt = row.RetryAt,
        OccurredAt = row.OccurredAt,
    };
}
