using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.Audit;

/// <summary>SQL of the audit trail, which only grows.</summary>
internal sealed class AuditStore(NpgsqlDataSource database)
{
    public Task InsertAsync(NpgsqlConnection connection, Guid id, DateTimeOffset at, AuditEntry entry, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into audit_events (id, at, actor, action, target_type, target, details)
            values (@Id, @At, @Actor, @Action, @TargetType, @Target, @Details::jsonb)
            """;
        var parameters = new { Id = id, At = at, entry.Actor, entry.Action, entry.TargetType, entry.Target, Details = entry.Details.ToJsonString() };
        return connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<AuditRow>> ListAsync(AuditFilter filter, int limit, CancellationToken cancellationToken)
    {
        const string sql = """
            select id, at, actor, action, target_type, target, details::text as details
            from audit_events
            where (@After::uuid is null or id < @After)
              and (@Actor::text is null or actor = @Actor)
              and (@Action::text is null or action = @Action)
              and (@Target::text is null or target = @Target)
            order by id desc
            limit @Limit
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var parameters = new { filter.After, filter.Actor, filter.Action, filter.Target, Limit = limit };
        return [.. await connection.QueryAsync<AuditRow>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))];
    }
}

/// <summary>Which entries to list; null members: all.</summary>
internal sealed record AuditFilter(Guid? After, string? Actor, string? Action, string? Target);

internal sealed class AuditRow
{
    public required Guid Id { get; init; }

    public required DateTime At { get; init; }

    public required string Actor { get; init; }

    public required string Action { get; init; }

    public required string TargetType { get; init; }

    public required string Target { get; init; }

    public required string Details { get; init; }
}
