using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.Usage;

/// <summary>SQL that sums what went through the bridges on a subscription's tokens, the present one and those before. Booked by the token of each request, whoever has it now.</summary>
internal sealed class SubscriptionUsageStore(NpgsqlDataSource database)
{
    /// <summary>Of the last seven days, by agent; requests of callers that are no agents come together, without a name.</summary>
    public async Task<IReadOnlyList<SubscriptionUsageRow>> SumAsync(Guid subscriptionId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        const string sql = """
            with tokens as (
              select fingerprint from subscriptions where id = @subscriptionId
              union
              select fingerprint from agent_generations where subscription_id = @subscriptionId and fingerprint is not null),
            picked as (
              select id, agent, started_at >= @fiveHours as recent
              from interceptions where started_at >= @sevenDays and credential in (select fingerprint from tokens)),
            spent as (
              select interception_id, sum(input) as input, sum(output) as output, sum(cache_read) as cache_read, sum(cache_write) as cache_write, sum(reasoning) as reasoning
              from token_usages where interception_id in (select id from picked) group by interception_id)
            select agent, recent, count(*) as requests, coalesce(sum(input), 0)::bigint as input, coalesce(sum(output), 0)::bigint as output,
                   coalesce(sum(cache_read), 0)::bigint as cache_read, coalesce(sum(cache_write), 0)::bigint as cache_write, coalesce(sum(reasoning), 0)::bigint as reasoning
            from picked left join spent on spent.interception_id = picked.id
            group by agent, recent
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var parameters = new { subscriptionId, fiveHours = now.AddHours(-5), sevenDays = now.AddDays(-7) };
        return [.. await connection.QueryAsync<SubscriptionUsageRow>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))];
    }
}

/// <summary>What one agent sent on a subscription, in the last five hours or in the days before.</summary>
internal sealed record SubscriptionUsageRow
{
    public string? Agent { get; init; }

    /// <summary>In the last five hours.</summary>
    public required bool Recent { get; init; }

    public required long Requests { get; init; }

    public required long Input { get; init; }

    public required long Output { get; init; }

    public required long CacheRead { get; init; }

    public required long CacheWrite { get; init; }

    public required long Reasoning { get; init; }
}
