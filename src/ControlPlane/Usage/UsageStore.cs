using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.Usage;

/// <summary>SQL that sums requests and tokens over the bridges' records.</summary>
internal sealed class UsageStore(NpgsqlDataSource database)
{
    /// <summary>What to group by, and the SQL for it. Only these texts ever become part of a statement.</summary>
    private static readonly Dictionary<string, string> Expressions = new(StringComparer.Ordinal)
    {
        ["provider"] = "provider",
        ["model"] = "model",
        ["key"] = "caller",
        ["agent"] = "agent",
        ["day"] = "to_char(started_at at time zone 'utc', 'YYYY-MM-DD')",
    };

    public static string[] Groups { get; } = [.. Expressions.Keys];

    public async Task<IReadOnlyList<UsageView>> SumAsync(string groupBy, DateTimeOffset from, DateTimeOffset to, CancellationToken cancellationToken)
    {
        var sql = $"""
            with picked as (
              select id, outcome, {Expressions[groupBy]} as grouping
              from interceptions where started_at >= @from and started_at < @to),
            spent as (
              select interception_id, sum(input) as input, sum(output) as output, sum(cache_read) as cache_read, sum(cache_write) as cache_write, sum(reasoning) as reasoning
              from token_usages where interception_id in (select id from picked) group by interception_id)
            select grouping as "group", count(*) as requests, count(*) filter (where outcome not in ('completed', 'client_abort')) as failed,
                   coalesce(sum(input), 0)::bigint as input, coalesce(sum(output), 0)::bigint as output, coalesce(sum(cache_read), 0)::bigint as cache_read,
                   coalesce(sum(cache_write), 0)::bigint as cache_write, coalesce(sum(reasoning), 0)::bigint as reasoning
            from picked left join spent on spent.interception_id = picked.id
            group by grouping
            order by grouping
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<UsageView>(new CommandDefinition(sql, new { from, to }, cancellationToken: cancellationToken))];
    }
}

/// <summary>Requests and tokens of one group.</summary>
internal sealed record UsageView
{
    /// <summary>The provider, model, virtual key's name, agent or UTC day; null for requests without one.</summary>
    public required string? Group { get; init; }

    public required long Requests { get; init; }

    /// <summary>Those that the provider or the bridge failed or rejected; not those that the client left.</summary>
    public required long Failed { get; init; }

    public required long Input { get; init; }

    public required long Output { get; init; }

    public required long CacheRead { get; init; }

    public required long CacheWrite { get; init; }

    public required long Reasoning { get; init; }
}
