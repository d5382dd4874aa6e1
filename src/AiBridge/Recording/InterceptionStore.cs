using Npgsql;
using NpgsqlTypes;

namespace Trinity.AiBridge.Recording;

/// <summary>Writes records to Postgres: a batch is one transaction and one round trip, and writing it again changes nothing.</summary>
internal sealed class InterceptionStore(NpgsqlDataSource database, ReplicaIdentity replica)
{
    private const string InsertInterceptions = """
        insert into interceptions (id, provider_id, provider, provider_type, route, model, client, session_id, virtual_key_id, caller, agent,
          streaming, status, outcome, error, credential_kind, key_hint, credential, attempts, generation, replica_id, started_at, first_byte_ms, duration_ms)
        select r.id, r.provider_id, r.provider, r.provider_type, r.route, r.model, r.client, r.session_id, r.virtual_key_id, r.caller, r.agent,
          r.streaming, r.status, r.outcome, r.error, r.credential_kind, r.key_hint, r.credential, r.attempts, r.generation, $1, r.started_at, r.first_byte_ms, r.duration_ms
        from unnest($2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[], $10::uuid[], $11::text[], $12::text[],
          $13::boolean[], $14::integer[], $15::text[], $16::text[], $17::text[], $18::text[], $19::text[], $20::integer[], $21::bigint[], $22::timestamptz[], $23::double precision[],
          $24::double precision[])
          as r (id, provider_id, provider, provider_type, route, model, client, session_id, virtual_key_id, caller, agent,
            streaming, status, outcome, error, credential_kind, key_hint, credential, attempts, generation, started_at, first_byte_ms, duration_ms)
        on conflict (id) do nothing
        """;

    // One usage row per interception, so that its id serves for both.
    private const string InsertTokenUsages = """
        insert into token_usages (id, interception_id, input, output, cache_read, cache_write, reasoning, created_at)
        select u.id, u.id, u.input, u.output, u.cache_read, u.cache_write, u.reasoning, u.created_at
        from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::timestamptz[])
          as u (id, input, output, cache_read, cache_write, reasoning, created_at)
        on conflict (interception_id, id) do nothing
        """;

    private const string InsertToolUsages = """
        insert into tool_usages (id, interception_id, ordinal, tool_call_id, tool, input, created_at)
        select t.id, t.interception_id, t.ordinal, t.tool_call_id, t.tool, t.input, t.created_at
        from unnest($1::uuid[], $2::uuid[], $3::integer[], $4::text[], $5::text[], $6::text[], $7::timestamptz[])
          as t (id, interception_id, ordinal, tool_call_id, tool, input, created_at)
        on conflict (interception_id, id) do nothing
        """;

    /// <exception cref="NpgsqlException">The batch was not written, or its fate is unknown; writing it again is safe.</exception>
    public async Task WriteAsync(IReadOnlyList<Interception> batch, CancellationToken cancellationToken)
    {
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var commands = new NpgsqlBatch(connection, transaction);
        commands.BatchCommands.Add(Interceptions(batch));
        if (batch.Any(record => record.TokenUsage is not null))
        {
            commands.BatchCommands.Add(TokenUsages([.. batch.Where(record => record.TokenUsage is not null)]));
        }

        if (batch.Any(record => record.ToolUsages.Count > 0))
        {
            commands.BatchCommands.Add(ToolUsages([.. batch.SelectMany(record => record.ToolUsages.Select((tool, index) => new ToolRow(record, index, tool)))]));
        }

        await commands.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private NpgsqlBatchCommand Interceptions(IReadOnlyList<Interception> batch)
    {
        var command = new NpgsqlBatchCommand(InsertInterceptions);
        command.Parameters.Add(new NpgsqlParameter { Value = replica.Id });
        Add(command, NpgsqlDbType.Uuid, batch, record => record.Id);
        Add(command, NpgsqlDbType.Uuid, batch, record => record.ProviderId);
        Add(command, NpgsqlDbType.Text, batch, record => record.Provider);
        Add(command, NpgsqlDbType.Text, batch, record => record.ProviderType);
        Add(command, NpgsqlDbType.Text, batch, record => record.Route);
        Add(command, NpgsqlDbType.Text, batch, record => record.Model);
        Add(command, NpgsqlDbType.Text, batch, record => record.Client);
        Add(command, NpgsqlDbType.Text, batch, record => record.SessionId);
        Add(command, NpgsqlDbType.Uuid, batch, record => record.VirtualKeyId);
        Add(command, NpgsqlDbType.Text, batch, record => record.Caller);
        Add(command, NpgsqlDbType.Text, batch, record => record.Agent);
        Add(command, NpgsqlDbType.Boolean, batch, record => record.Streaming);
        Add(command, NpgsqlDbType.Integer, batch, record => record.Status);
        Add(command, NpgsqlDbType.Text, batch, record => OutcomeNames.Of(record.Outcome));
        Add(command, NpgsqlDbType.Text, batch, record => record.Error);
        Add(command, NpgsqlDbType.Text, batch, record => record.CredentialKind);
        Add(command, NpgsqlDbType.Text, batch, record => record.KeyHint);
        Add(command, NpgsqlDbType.Text, batch, record => record.Credential);
        Add(command, NpgsqlDbType.Integer, batch, record => record.Attempts);
        Add(command, NpgsqlDbType.Bigint, batch, record => record.Generation);
        Add(command, NpgsqlDbType.TimestampTz, batch, record => record.StartedAt.UtcDateTime);
        Add(command, NpgsqlDbType.Double, batch, record => record.FirstByteMilliseconds);
        Add(command, NpgsqlDbType.Double, batch, record => record.DurationMilliseconds);
        return command;
    }

    private static NpgsqlBatchCommand TokenUsages(IReadOnlyList<Interception> batch)
    {
        var command = new NpgsqlBatchCommand(InsertTokenUsages);
        Add(command, NpgsqlDbType.Uuid, batch, record => record.Id);
        Add(command, NpgsqlDbType.Bigint, batch, record => record.TokenUsage!.Input);
        Add(command, NpgsqlDbType.Bigint, batch, record => record.TokenUsage!.Output);
        Add(command, NpgsqlDbType.Bigint, batch, record => record.TokenUsage!.CacheRead);
        Add(command, NpgsqlDbType.Bigint, batch, record => record.TokenUsage!.CacheWrite);
        Add(command, NpgsqlDbType.Bigint, batch, record => record.TokenUsage!.Reasoning);
        Add(command, NpgsqlDbType.TimestampTz, batch, record => record.StartedAt.UtcDateTime);
        return command;
    }

    private static NpgsqlBatchCommand ToolUsages(IReadOnlyList<ToolRow> rows)
    {
        var command = new NpgsqlBatchCommand(InsertToolUsages);
        Add(command, NpgsqlDbType.Uuid, rows, row => row.Id);
        Add(command, NpgsqlDbType.Uuid, rows, row => row.Record.Id);
        Add(command, NpgsqlDbType.Integer, rows, row => row.Ordinal);
        Add(command, NpgsqlDbType.Text, rows, row => row.Tool.CallId);
        Add(command, NpgsqlDbType.Text, rows, row => row.Tool.Tool);
        Add(command, NpgsqlDbType.Text, rows, row => row.Tool.Input);
        Add(command, NpgsqlDbType.TimestampTz, rows, row => row.Record.StartedAt.UtcDateTime);
        return command;
    }

    private static void Add<TRow, TValue>(NpgsqlBatchCommand command, NpgsqlDbType type, IReadOnlyList<TRow> rows, Func<TRow, TValue> value) =>
        command.Parameters.Add(new NpgsqlParameter { NpgsqlDbType = NpgsqlDbType.Array | type, Value = rows.Select(row => PostgresText.Clean(value(row))).ToArray() });

    private sealed record ToolRow(Interception Record, int Ordinal, Usage.ToolUsage Tool)
    {
        /// <summary>Derived from the record's id and the tool's place, so that writing the batch again meets the same rows.</summary>
        public Guid Id { get; } = DeriveId(Record.Id, Ordinal);

        private static Guid DeriveId(Guid record, int ordinal)
        {
            Span<byte> bytes = stackalloc byte[20];
            record.TryWriteBytes(bytes);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(bytes[16..], ordinal);
            return new Guid(System.Security.Cryptography.SHA256.HashData(bytes).AsSpan(0, 16));
        }
    }
}
