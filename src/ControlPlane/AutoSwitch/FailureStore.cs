using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>SQL of subscriptions' failures.</summary>
internal sealed class FailureStore(NpgsqlDataSource database)
{
    /// <summary>Writes it down unless it was reported before.</summary>
    public async Task AddAsync(Guid id, SubscriptionFailure failure, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into subscription_failures
              (id, reported_as, agent_id, agent, subscription_id, subscription, generation, fingerprint, kind, source, message, resets_at, retry_at, occurred_at)
            values (@Id, @ReportedAs, @AgentId, @Agent, @SubscriptionId, @Subscription, @Generation, @Fingerprint, @Kind, @Source, @Message, @ResetsAt, @RetryAt, @OccurredAt)
            on conflict (reported_as) do nothing
            """;
        var parameters = new
        {
            Id = id, failure.ReportedAs, failure.AgentId, failure.Agent, failure.SubscriptionId, failure.Subscription, failure.Generation, failure.Fingerprint,
            Kind = FailureKinds.NameOf(failure.Kind), failure.Source, failure.Message, failure.ResetsAt, failure.RetryAt, failure.OccurredAt,
        };
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    /// <summary>A subscription's, newest first.</summary>
    public async Task<IReadOnlyList<FailureRow>> ListAsync(Guid subscriptionId, Guid? after, int limit, CancellationToken cancellationToken)
    {
        const string sql = """
            select id, subscription_id, agent, generation, fingerprint, kind, source, message, resets_at, retry_at, occurred_at
            from subscription_failures
            where subscription_id = @subscriptionId and (@after::uuid is null or id < @after)
            order by id desc
            limit @limit
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return [.. await connection.QueryAsync<FailureRow>(new CommandDefinition(sql, new { subscriptionId, after, limit }, cancellationToken: cancellationToken))];
    }

    /// <summary>Of each subscription, kind and token the last one: no earlier one can say more.</summary>
    public async Task<IReadOnlyList<FailureRow>> ListLastAsync(NpgsqlConnection connection, DateTimeOffset since, CancellationToken cancellationToken)
    {
        const string sql = """
            select distinct on (subscription_id, kind, fingerprint)
                   id, subscription_id, agent, generation, fingerprint, kind, source, message, resets_at, retry_at, occurred_at
            from subscription_failures
            where occurred_at > @since
            order by subscription_id, kind, fingerprint, occurred_at desc
            """;
        return [.. await connection.QueryAsync<FailureRow>(new CommandDefinition(sql, new { since }, cancellationToken: cancellationToken))];
    }

    /// <summary>How often an agent failed on a subscription.</summary>
    public Task<int> CountAsync(NpgsqlConnection connection, Guid agentId, Guid subscriptionId, DateTimeOffset since, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<int>(new CommandDefinition(
            "select count(*)::integer from subscription_failures where subscription_id = @subscriptionId and agent_id = @agentId and occurred_at > @since",
            new { agentId, subscriptionId, since },
            cancellationToken: cancellationToken));

    public async Task<int> DeleteBeforeAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition("delete from subscription_failures where occurred_at < @time", new { time }, cancellationToken: cancellationToken));
    }
}

/// <summary>A row of <c>subscription_failures</c>.</summary>
internal sealed record FailureRow
{
    public required Guid Id { get; init; }

    public required Guid SubscriptionId { get; init; }

    public string? Agent { get; init; }

    public long? Generation { get; init; }

    public string? Fingerprint { get; init; }

    public required string Kind { get; init; }

    public required string Source { get; init; }

    public required string Message { get; init; }

    public DateTime? ResetsAt { get; init; }

    public DateTime? RetryAt { get; init; }

    public required DateTime OccurredAt { get; init; }
}
