using System.Text.Json.Nodes;
using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.Notifications;

/// <summary>SQL of notifications.</summary>
internal sealed class NotificationStore(NpgsqlDataSource database)
{
    private const string Columns = "id, at, severity, category, agent, title, details::text as details, read_at";

    public async Task AddAsync(Guid id, DateTimeOffset at, Notification notification, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into notifications (id, at, severity, category, agent, title, details)
            values (@Id, @At, @Severity, @Category, @Agent, @Title, @Details::jsonb)
            """;
        var parameters = new { Id = id, At = at, notification.Severity, notification.Category, notification.Agent, notification.Title, Details = notification.Details.ToJsonString() };
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<NotificationRow>> ListAsync(Guid? after, bool unreadOnly, string? agent, int limit, CancellationToken cancellationToken)
    {
        const string sql = $"""
            select {Columns} from notifications
            where (@after::uuid is null or id < @after) and (not @unreadOnly or read_at is null) and (@agent::text is null or agent = @agent)
            order by id desc
            limit @limit
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<NotificationRow>(new CommandDefinition(sql, new { after, unreadOnly, agent, limit }, cancellationToken: cancellationToken))];
    }

    /// <summary>Marks it read, once; null: there is none.</summary>
    public async Task<NotificationRow?> MarkReadAsync(Guid id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.QuerySingleOrDefaultAsync<NotificationRow?>(new CommandDefinition(
            $"update notifications set read_at = coalesce(read_at, @now) where id = @id returning {Columns}", new { id, now }, cancellationToken: cancellationToken));
    }

    public async Task<int> DeleteBeforeAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition("delete from notifications where at < @time", new { time }, cancellationToken: cancellationToken));
    }
}

/// <summary>What an operator should hear of.</summary>
/// <param name="Severity"><c>info</c>, <c>warning</c> or <c>high</c>.</param>
/// <param name="Category">The area, such as <c>subscription</c>.</param>
/// <param name="Agent">The agent that it is about, by name; null: none.</param>
/// <param name="Title">In a sentence.</param>
internal sealed record Notification(string Severity, string Category, string? Agent, string Title)
{
    public JsonObject Details { get; init; } = [];
}

internal sealed record NotificationRow
{
    public required Guid Id { get; init; }

    public required DateTime At { get; init; }

    public required string Severity { get; init; }

    public required string Category { get; init; }

    public string? Agent { get; init; }

    public required string Title { get; init; }

    public required string Details { get; init; }

    public DateTime? ReadAt { get; init; }
}
