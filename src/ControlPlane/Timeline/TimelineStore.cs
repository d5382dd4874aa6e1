using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.Timeline;

/// <summary>SQL of agents' timelines.</summary>
internal sealed class TimelineStore(NpgsqlDataSource database)
{
    /// <summary>False when the entry only repeats one that is there.</summary>
    public async Task<bool> AddAsync(Guid id, DateTimeOffset at, TimelineEntry entry, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into agent_timeline (id, agent_id, agent, at, kind, summary, details, repeat_key, last_at)
            values (@Id, @AgentId, @Agent, @At, @Kind, @Summary, @Details::jsonb, @RepeatKey, @At)
            on conflict (agent_id, repeat_key) do update
            set occurrences = agent_timeline.occurrences + 1, last_at = greatest(agent_timeline.last_at, excluded.last_at)
            returning occurrences = 1
            """;
        var parameters = new { Id = id, entry.AgentId, entry.Agent, At = at, entry.Kind, entry.Summary, Details = entry.Details.ToJsonString(), entry.RepeatKey };
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteScalarAsync<bool>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    /// <summary>Newest first. By the agent's id; without one, by the name that a deleted agent had.</summary>
    public async Task<IReadOnlyList<TimelineRow>> ListAsync(Guid? agentId, string? agent, Guid? after, int limit, CancellationToken cancellationToken)
    {
        const string sql = """
            select id, agent, at, kind, summary, details::text as details, occurrences, last_at
            from agent_timeline
            where (agent_id = @agentId or (@agentId::uuid is null and agent = @agent)) and (@after::uuid is null or id < @after)
            order by id desc
            limit @limit
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<TimelineRow>(new CommandDefinition(sql, new { agentId, agent, after, limit }, cancellationToken: cancellationToken))];
    }

    public async Task<int> DeleteBeforeAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition("delete from agent_timeline where last_at < @time", new { time }, cancellationToken: cancellationToken));
    }
}

internal sealed record TimelineRow
{
    public required Guid Id { get; init; }

    public required string Agent { get; init; }

    public required DateTime At { get; init; }

    public required string Kind { get; init; }

    public required string Summary { get; init; }

    public required string Details { get; init; }

    public required int Occurrences { get; init; }

    public required DateTime LastAt { get; init; }
}
