using System.Text.Json;
using Microsoft.AspNetCore.Http.HttpResults;
using Trinity.ControlPlane.Http;
using Trinity.ControlPlane.OpenApi;

namespace Trinity.ControlPlane.Notifications;

/// <summary><c>/notifications</c>: what operators should hear of.</summary>
internal static class NotificationEndpoints
{
    public static void MapNotifications(this RouteGroupBuilder api)
    {
        var group = api.MapGroup("/notifications").WithTags("Notifications");
        group.MapGet("", ListAsync).WithSummary("What operators should hear of, newest first.").WithPaging()
            .WithQuery("unread", "`true`: only what nobody has read.").WithQuery("agent", "Only this agent's, by name.");
        group.MapPost("/{id}/read", ReadAsync).WithName("ReadNotification").WithSummary("Marks a notification as read; again changes nothing.");
    }

    private static async Task<Results<Ok<Page<NotificationView>>, ProblemHttpResult>> ListAsync(HttpRequest request, NotificationStore store, CancellationToken cancellationToken)
    {
        var query = new QueryFields(request.Query);
        var limit = query.Number("limit", 1, Page<NotificationView>.MaxLimit, Page<NotificationView>.DefaultLimit);
        var (after, unread, agent) = (query.Id("after"), query.OneOf("unread", "true", "false") == "true", query.Text("agent"));
        if (query.Check() is { } problem)
        {
            return problem.ToResult();
        }

        var rows = await store.ListAsync(after, unread, agent, limit + 1, cancellationToken);
        return TypedResults.Ok(Page.Of([.. rows.Select(NotificationView.Of)], limit, view => view.Id));
    }

    private static async Task<Results<Ok<NotificationView>, ProblemHttpResult>> ReadAsync(string id, NotificationStore store, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!Guid.TryParseExact(id, "D", out var notification))
        {
            return Problem.Invalid("id", "This must be an id (a UUID).").ToResult();
        }

        return await store.MarkReadAsync(notification, time.GetUtcNow(), cancellationToken) is { } row
            ? TypedResults.Ok(NotificationView.Of(row))
            : Problem.NotFound($"There is no notification '{id}'.").ToResult();
    }
}

/// <summary>A notification as the API shows it.</summary>
/// <param name="Id">Its id.</param>
/// <param name="At">When it was made.</param>
/// <param name="Severity"><c>info</c>, <c>warning</c> or <c>high</c>.</param>
/// <param name="Category">The area, such as <c>subscription</c>.</param>
/// <param name="Agent">The agent that it is about, by name.</param>
/// <param name="Title">In a sentence.</param>
/// <param name="Details">What is behind it.</param>
/// <param name="ReadAt">When it was read first; null: not yet.</param>
internal sealed record NotificationView(Guid Id, DateTime At, string Severity, string Category, string? Agent, string Title, JsonElement Details, DateTime? ReadAt)
{
    public static NotificationView Of(NotificationRow row) => new(row.Id, row.At, row.Severity, row.Category, row.Agent, row.Title, JsonElement.Parse(row.Details), row.ReadAt);
}
