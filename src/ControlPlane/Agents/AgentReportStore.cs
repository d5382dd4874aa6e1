using Dapper;
using Npgsql;

namespace Trinity.ControlPlane.Agents;

/// <summary>SQL of agents' reports.</summary>
internal sealed class AgentReportStore(NpgsqlDataSource database)
{
    private const string Columns = "agent_id, container, state, generation, fingerprint, running::text as running, delivery, problem, attempts, retry_at, reported_at";

    public ValueTask<NpgsqlConnection> OpenAsync(CancellationToken cancellationToken) => database.OpenConnectionAsync(cancellationToken);

    public async Task<IReadOnlyDictionary<Guid, AgentReport>> ListAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        (await connection.QueryAsync<AgentReport>(new CommandDefinition($"select {Columns} from agent_reports", cancellationToken: cancellationToken))).ToDictionary(report => report.AgentId);

    public Task<AgentReport?> FindAsync(NpgsqlConnection connection, Guid agentId, CancellationToken cancellationToken) =>
        connection.QuerySingleOrDefaultAsync<AgentReport?>(new CommandDefinition($"select {Columns} from agent_reports where agent_id = @agentId", new { agentId }, cancellationToken: cancellationToken));

    /// <summary>The database's time: the one clock by which all control planes say when they began to look.</summary>
    public Task<DateTime> NowAsync(NpgsqlConnection connection, CancellationToken cancellationToken) =>
        connection.ExecuteScalarAsync<DateTime>(new CommandDefinition("select clock_timestamp()", cancellationToken: cancellationToken));

    /// <summary>Replaces the report unless there is one of a later look; nothing when the agent is gone.</summary>
    public async Task WriteAsync(AgentReport report, CancellationToken cancellationToken)
    {
        const string sql = """
            insert into agent_reports (agent_id, container, state, generation, fingerprint, running, delivery, problem, attempts, retry_at, reported_at)
            select @AgentId, @Container, @State, @Generation, @Fingerprint, @Running::jsonb, @Delivery, @Problem, @Attempts, @RetryAt, @ReportedAt
            from agents where id = @AgentId
            on conflict (agent_id) do update
            set container = excluded.container, state = excluded.state, generation = excluded.generation, fingerprint = excluded.fingerprint, running = excluded.running,
                delivery = excluded.delivery, problem = excluded.problem, attempts = excluded.attempts, retry_at = excluded.retry_at, reported_at = excluded.reported_at
            where agent_reports.reported_at <= excluded.reported_at
            """;
        await using var connection = await database.OpenConnectionAsync(cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(sql, report, cancellationToken: cancellationToken));
    }
}
