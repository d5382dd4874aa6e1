using Npgsql;
using NpgsqlTypes;

namespace Trinity.AiBridge.Recording;

/// <summary>Writes refusals to Postgres, where control planes are told of them; writing one again changes nothing.</summary>
internal sealed class RefusalStore(NpgsqlDataSource database, ReplicaIdentity replica)
{
    private const string Insert = """
        insert into credential_refusals (id, virtual_key_id, fingerprint, provider, status, limits, retry_at, requested_at, refused_at, replica_id)
        select r.id, r.virtual_key_id, r.fingerprint, r.provider, r.status, r.limits::jsonb, r.retry_at, r.requested_at, r.refused_at, $1
        from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::integer[], $7::text[], $8::timestamptz[], $9::timestamptz[], $10::timestamptz[])
          as r (id, virtual_key_id, fingerprint, provider, status, limits, retry_at, requested_at, refused_at)
        on conflict (id) do nothing
        """;

    /// <exception cref="NpgsqlException">The batch was not written, or its fate is unknown; writing it again is safe.</exception>
    public async Task WriteAsync(IReadOnlyList<CredentialRefusal> batch, CancellationToken cancellationToken)
    {
        await using var command = database.CreateCommand(Insert);
        command.Parameters.Add(new NpgsqlParameter { Value = replica.Id });
        Add(command, NpgsqlDbType.Uuid, batch, refusal => refusal.Id);
        Add(command, NpgsqlDbType.Uuid, batch, refusal => refusal.VirtualKeyId);
        Add(command, NpgsqlDbType.Text, batch, refusal => refusal.Fingerprint);
        Add(command, NpgsqlDbType.Text, batch, refusal => refusal.Provider);
        Add(command, NpgsqlDbType.Integer, batch, refusal => refusal.Status);
        Add(command, NpgsqlDbType.Text, batch, refusal => refusal.Limits?.ToJson());
        Add(command, NpgsqlDbType.TimestampTz, batch, refusal => refusal.RetryAt?.UtcDateTime);
        Add(command, NpgsqlDbType.TimestampTz, batch, refusal => refusal.RequestedAt.UtcDateTime);
        Add(command, NpgsqlDbType.TimestampTz, batch, refusal => refusal.RefusedAt.UtcDateTime);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private static void Add<T>(NpgsqlCommand command, NpgsqlDbType type, IReadOnlyList<CredentialRefusal> batch, Func<CredentialRefusal, T> value) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type, Value = batch.Select(value).ToArray() });
}
