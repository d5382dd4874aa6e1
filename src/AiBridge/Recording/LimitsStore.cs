using Npgsql;
using NpgsqlTypes;

namespace Trinity.AiBridge.Recording;

/// <summary>Writes what was heard of limits to Postgres, where control planes read it.</summary>
internal sealed class LimitsStore(NpgsqlDataSource database) : ILimitsStore
{
    private const int TimeoutSeconds = 5; // what waits behind it grows old

    // In one order everywhere: replicas that write the same credentials at the same time wait for each other, never in a circle.
    private const string Upsert = """
        insert into account_limits (credential, source, limits, detail, observed_at)
        select l.credential, 'live', l.limits::jsonb, l.detail, l.observed_at
        from unnest($1::text[], $2::text[], $3::text[], $4::timestamptz[]) as l (credential, limits, detail, observed_at)
        order by l.credential collate "C"
        on conflict (credential, source) do update set limits = excluded.limits, detail = excluded.detail, observed_at = excluded.observed_at
        where account_limits.observed_at < excluded.observed_at
        """;

    public async Task WriteAsync(IReadOnlyList<ObservedLimits> batch, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Upsert);
        command.CommandTimeout = TimeoutSeconds;
        Add(command, NpgsqlDbType.Text, batch, observed => observed.Credential);
        Add(command, NpgsqlDbType.Text, batch, observed => observed.Limits.ToJson());
        Add(command, NpgsqlDbType.Text, batch, observed => observed.Detail);
        Add(command, NpgsqlDbType.TimestampTz, batch, observed => observed.ObservedAt.UtcDateTime);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void Add<T>(NpgsqlCommand command, NpgsqlDbType type, IReadOnlyList<ObservedLimits> batch, Func<ObservedLimits, T> value) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type, Value = batch.Select(value).ToArray() });
}
