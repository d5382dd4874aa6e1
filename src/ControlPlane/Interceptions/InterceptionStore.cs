using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.Interceptions;

/// <summary>SQL that reads what the bridges recorded: two queries for a page, however long it is.</summary>
internal sealed class InterceptionStore(NpgsqlDataSource database)
{
    private const string Select = """
        select i.id, i.provider, i.provider_type, i.route, i.model, i.client, i.session_id, i.caller, i.agent, i.streaming, i.status, i.outcome, i.error,
               i.credential_kind, i.key_hint, i.credential, i.attempts, i.generation, i.replica_id, i.started_at, i.first_byte_ms, i.duration_ms,
               t.input, t.output, t.cache_read, t.cache_write, t.reasoning
        from interceptions i
        left join lateral (
          select sum(input)::bigint as input, sum(output)::bigint as output, sum(cache_read)::bigint as cache_read,
                 sum(cache_write)::bigint as cache_write, sum(reasoning)::bigint as reasoning
          from token_usages where interception_id = i.id) t on true
        """;

    /// <summary>Newest first.</summary>
    public async Task<IReadOnlyList<InterceptionView>> ListAsync(InterceptionFilter filter, int limit, CancellationToken cancellationToken)
    {
        const string sql = $"""
            {Select}
            where (@After::uuid is null or i.id < @After)
              and (@Provider::text is null or i.provider = @Provider)
              and (@Model::text is null or i.model = @Model)
              and (@Client::text is null or i.client = @Client)
              and (@Outcome::text is null or i.outcome = @Outcome)
              and (@SessionId::text is null or i.session_id = @SessionId)
              and (@Caller::text is null or i.caller = @Caller)
              and (@StartedAfter::timestamptz is null or i.started_at >= @StartedAfter)
              and (@StartedBefore::timestamptz is null or i.started_at < @StartedBefore)
            order by i.id desc
            limit @limit
            """;
        var parameters = new DynamicParameters(filter);
        parameters.Add("limit", limit);
        return await ReadAsync(sql, parameters, cancellationToken);
    }

    public async Task<InterceptionView?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        (await ReadAsync($"{Select} where i.id = @id", new { id }, cancellationToken)).SingleOrDefault();

    private async Task<IReadOnlyList<InterceptionView>> ReadAsync(string sql, object parameters, CancellationToken cancellationToken)
    {
        const string toolSql = """
            select interception_id, tool, tool_call_id, input, injected
            from tool_usages where interception_id = any(@ids) order by interception_id, ordinal
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        var rows = (await connection.QueryAsync<InterceptionRow>(new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))).AsList();
        var ids = rows.ConvertAll(row => row.Id).ToArray();
        var tools = (await connection.QueryAsync<ToolUsageRow>(new CommandDefinition(toolSql, new { ids }, cancellationToken: cancellationToken))).ToLookup(tool => tool.InterceptionId);
        return rows.ConvertAll(row => row.ToView([.. tools[row.Id].Select(tool => new ToolUsageView(tool.Tool, tool.ToolCallId, tool.Input, tool.Injected))]));
    }

    /// <summary>A row of <c>interceptions</c> with its summed token usage.</summary>
    private sealed record InterceptionRow
    {
        public required Guid Id { get; init; }

        public required string Provider { get; init; }

        public string? ProviderType { get; init; }

        public string? Route { get; init; }

        public string? Model { get; init; }

        public required string Client { get; init; }

        public string? SessionId { get; init; }

        public string? Caller { get; init; }

        public string? Agent { get; init; }

        public required bool Streaming { get; init; }

        public required int Status { get; init; }

        public required string Outcome { get; init; }

        public string? Error { get; init; }

        public string? CredentialKind { get; init; }

        public string? KeyHint { get; init; }

        public string? Credential { get; init; }

        public required int Attempts { get; init; }

        public required long Generation { get; init; }

        public required Guid ReplicaId { get; init; }

        public required DateTime StartedAt { get; init; }

        public double? FirstByteMs { get; init; }

        public required double DurationMs { get; init; }

        public long? Input { get; init; }

        public long? Output { get; init; }

        public long? CacheRead { get; init; }

        public long? CacheWrite { get; init; }

        public long? Reasoning { get; init; }

        public InterceptionView ToView(IReadOnlyList<ToolUsageView> tools) => new()
        {
            Id = Id,
            Provider = Provider,
            ProviderType = ProviderType,
            Route = Route,
            Model = Model,
            Client = Client,
            SessionId = SessionId,
            Caller = Caller,
            Agent = Agent,
            Streaming = Streaming,
            Status = Status,
            Outcome = Outcome,
            Error = Error,
            CredentialKind = CredentialKind,
            KeyHint = KeyHint,
            Credential = Credential,
            Attempts = Attempts,
            Generation = Generation,
            ReplicaId = ReplicaId,
            StartedAt = StartedAt,
            FirstByteMs = FirstByteMs,
            DurationMs = DurationMs,
            TokenUsage = Input is { } input ? new TokenUsageView(input, Output ?? 0, CacheRead ?? 0, CacheWrite ?? 0, Reasoning ?? 0) : null,
            ToolUsages = tools,
        };
    }

    private sealed record ToolUsageRow
    {
        public required Guid InterceptionId { get; init; }

        public required string Tool { get; init; }

        public string? ToolCallId { get; init; }

        public string? Input { get; init; }

        public required bool Injected { get; init; }
    }
}

/// <summary>Which interceptions to list; null members: all.</summary>
internal sealed record InterceptionFilter
{
    public Guid? After { get; init; }

    public string? Provider { get; init; }

    public string? Model { get; init; }

    public string? Client { get; init; }

    public string? Outcome { get; init; }

    public string? SessionId { get; init; }

    public string? Caller { get; init; }

    public DateTimeOffset? StartedAfter { get; init; }

    public DateTimeOffset? StartedBefore { get; init; }
}
