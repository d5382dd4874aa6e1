using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.AutoSwitch;

/// <summary>SQL of the refusals that bridges report. Several control planes take them, each one once.</summary>
internal sealed class RefusalStore(NpgsqlDataSource database)
{
    /// <summary>Claims everything that is open of one virtual key, the one that waits longest; empty: nothing is open, or somebody is at it.</summary>
    /// <remarks>By the database's clock. A claim lapses after a minute: whoever made it was killed.</remarks>
    public async Task<IReadOnlyList<RefusalRow>> ClaimAsync(CancellationToken cancellationToken)
    {
        const string sql = """
            with next as (
              select r.virtual_key_id
              from credential_refusals r
              where r.handled_at is null and (r.claimed_at is null or r.claimed_at < clock_timestamp() - interval '1 minute')
                and not exists (
                  select from credential_refusals o
                  where o.virtual_key_id = r.virtual_key_id and o.handled_at is null and o.claimed_at >= clock_timestamp() - interval '1 minute')
              order by r.refused_at
              limit 1
              for update skip locked)
            update credential_refusals c
            set claimed_at = clock_timestamp()
            where c.id in (
              select r.id from credential_refusals r join next on next.virtual_key_id = r.virtual_key_id
              where r.handled_at is null and (r.claimed_at is null or r.claimed_at < clock_timestamp() - interval '1 minute')
              for update of r skip locked)
            returning c.id, c.virtual_key_id, c.fingerprint, c.provider, c.status, c.limits::text as limits, c.retry_at, c.requested_at, c.refused_at
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<RefusalRow>(new CommandDefinition(sql, cancellationToken: cancellationToken));
        return [.. rows.OrderBy(row => row.RefusedAt)];
    }

    public async Task SetHandledAsync(Guid id, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition("update credential_refusals set handled_at = clock_timestamp() where id = @id", new { id }, cancellationToken: cancellationToken));
    }

    public async Task<int> DeleteBeforeAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition("delete from credential_refusals where refused_at < @time", new { time }, cancellationToken: cancellationToken));
    }
}

/// <summary>A row of <c>credential_refusals</c>, as its bridge wrote it.</summary>
internal sealed record RefusalRow
{
    public required Guid Id { get; init; }

    public required Guid VirtualKeyId { get; init; }

    public required string Fingerprint { get; init; }

    public required string Provider { get; init; }

    public required int Status { get; init; }

    /// <summary>JSON of <see cref="Shared.Limits.PlanLimits"/>.</summary>
    public string? Limits { get; init; }

    public DateTime? RetryAt { get; init; }

    public required DateTime RequestedAt { get; init; }

    public required DateTime RefusedAt { get; init; }
}
