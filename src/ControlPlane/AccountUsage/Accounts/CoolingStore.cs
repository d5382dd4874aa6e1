using Dapper;
using Npgsql;
using Trinity.ControlPlane.Database;

namespace Trinity.ControlPlane.AccountUsage.Accounts;

/// <summary>SQL of the provider keys that live bridges let rest.</summary>
internal sealed class CoolingStore(NpgsqlDataSource database)
{
    /// <summary>By key, for the longest that any bridge lets it rest; entries of an unknown shape are left out.</summary>
    public async Task<IReadOnlyDictionary<Guid, CoolingKey>> ListAsync(CancellationToken cancellationToken)
    {
        const string sql = """
            select distinct on (key_id) key_id, reason, until
            from (
              select (entry ->> 'key_id')::uuid as key_id, entry ->> 'reason' as reason, (entry ->> 'until')::timestamptz as until
              from bridge_replicas, jsonb_array_elements(case jsonb_typeof(cooling) when 'array' then cooling else '[]' end) as entry
              where heartbeat_at > now() - interval '5 seconds'
                and entry ->> 'key_id' ~* '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$' and entry ->> 'until' ~ '^2[0-9]{3}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:') resting
            where until > now()
            order by key_id, until desc
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = await connection.QueryAsync<(Guid KeyId, string Reason, DateTime Until)>(new CommandDefinition(sql, cancellationToken: cancellationToken));
        return rows.ToDictionary(row => row.KeyId, row => new CoolingKey(row.Reason, row.Until.ToOffset()));
    }
}

/// <summary>A key that is let rest.</summary>
/// <param name="Reason"><c>rate_limited</c> or <c>unauthorized</c>.</param>
/// <param name="Until">When it is tried again.</param>
internal sealed record CoolingKey(string Reason, DateTimeOffset Until);
