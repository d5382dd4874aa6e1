using System.Text.Json;
using Dapper;
using Npgsql;
using Trinity.ControlPlane.Database;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.AccountUsage.Limits;

/// <summary>SQL of what was last heard of the limits behind credentials. Bridges write what they see of live traffic; control planes what they asked for.</summary>
internal sealed class LimitsStore(NpgsqlDataSource database)
{
    public const string Columns = "l.credential, l.source, l.detail, l.limits::text as limits, l.observed_at";

    /// <summary>Keeps the later of what is there and what was heard.</summary>
    public async Task WriteAsync(LimitsReading reading, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into account_limits (credential, source, detail, limits, observed_at) values (@Credential, @Source, @Detail, @limits::jsonb, @ObservedAt)
            on conflict (credential, source) do update
            set detail = excluded.detail, limits = excluded.limits, observed_at = excluded.observed_at
            where account_limits.observed_at < excluded.observed_at
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var parameters = new { reading.Credential, reading.Source, reading.Detail, limits = reading.Limits.ToJson(), reading.ObservedAt };
        await connection.ExecuteAsync(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken));
    }

    /// <summary>What was heard of each of the credentials.</summary>
    public async Task<ILookup<string, LimitsReading>> ListAsync(IReadOnlyCollection<string> credentials, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<LimitsRow>(new CommandDefinition(
            $"select {Columns} from account_limits l where l.credential = any(@credentials)", new { credentials = credentials.ToArray() }, cancellationToken: cancellationToken));
        return ToReadings(rows).ToLookup(reading => reading.Credential, StringComparer.Ordinal);
    }

    /// <summary>What was heard of the subscriptions' present tokens, by subscription.</summary>
    public async Task<ILookup<Guid, LimitsReading>> ListOfSubscriptionsAsync(NpgsqlConnection connection, CancellationToken cancellationToken)
    {
        const string sql = $"select s.id as subscription_id, {Columns} from subscriptions s join account_limits l on l.credential = s.fingerprint";
        var rows = await connection.QueryAsync<LimitsRow>(new CommandDefinition(sql, cancellationToken: cancellationToken));
        return rows.SelectMany(row => ToReadings([row]).Select(reading => (row.SubscriptionId, Reading: reading))).ToLookup(pair => pair.SubscriptionId, pair => pair.Reading);
    }

    /// <summary>Forgets what nobody has said for long.</summary>
    public async Task<int> DeleteBeforeAsync(DateTimeOffset time, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        return await connection.ExecuteAsync(new CommandDefinition("delete from account_limits where observed_at < @time", new { time }, cancellationToken: cancellationToken));
    }

    // A row of a newer version of the program may be unreadable; it counts as not heard.
    private static IEnumerable<LimitsReading> ToReadings(IEnumerable<LimitsRow> rows)
    {
        foreach (var row in rows)
        {
            PlanLimits? limits;
            try
            {
                limits = PlanLimits.FromJson(row.Limits);
            }
            catch (JsonException)
            {
                limits = null;
            }

            if (limits is not null)
            {
                yield return new LimitsReading(row.Credential, row.Source, row.Detail, limits, row.ObservedAt.ToOffset());
            }
        }
    }

    private sealed record LimitsRow
    {
        public Guid SubscriptionId { get; init; }

        public required string Credential { get; init; }

        public required string Source { get; init; }

        public required string Detail { get; init; }

        public required string Limits { get; init; }

        public required DateTime ObservedAt { get; init; }
    }
}
