using Npgsql;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Interceptions;

/// <summary>An interception as a bridge would record it.</summary>
internal sealed record RecordedRequest
{
    public Guid Id { get; init; } = Guid.CreateVersion7();

    public string Provider { get; init; } = "main";

    public string? Model { get; init; } = "claude";

    public string Client { get; init; } = "claude-code";

    public string? SessionId { get; init; }

    public string? Caller { get; init; } = "ci";

    public string? Agent { get; init; }

    public string? Credential { get; init; } = "0123456789abcdef";

    public string Outcome { get; init; } = "completed";

    public DateTime StartedAt { get; init; } = new(2030, 1, 15, 12, 0, 0, DateTimeKind.Utc);

    /// <summary>Input, output, cache read, cache write and reasoning tokens, one entry per provider call.</summary>
    public IReadOnlyList<long[]> Tokens { get; init; } = [];

    public IReadOnlyList<string> Tools { get; init; } = [];

    public async Task InsertAsync(ControlPlaneHost host)
    {
        await ExecuteAsync(
            host,
            """
            insert into interceptions (id, provider, provider_type, route, model, client, session_id, caller, agent, streaming, status, outcome, key_hint, credential, attempts, generation, replica_id, started_at, first_byte_ms, duration_ms)
            values ($1, $2, 'anthropic', 'messages', $3, $4, $5, $6, $7, true, 200, $8, 'sk-a...1234', $10, 1, 7, $1, $9, 12.5, 99.5)
            """,
            Id, Provider, Model, Client, SessionId, Caller, Agent, Outcome, StartedAt, Credential);
        foreach (var tokens in Tokens)
        {
            await ExecuteAsync(host, "insert into token_usages values ($1, $2, $3, $4, $5, $6, $7, $8)", Guid.CreateVersion7(), Id, tokens[0], tokens[1], tokens[2], tokens[3], tokens[4], StartedAt);
        }

        foreach (var (tool, ordinal) in Tools.Select((tool, ordinal) => (tool, ordinal)))
        {
            await ExecuteAsync(host, "insert into tool_usages values ($1, $2, $3, 'call', $4, '{}', false, $5)", Guid.CreateVersion7(), Id, Tools.Count - ordinal, tool, StartedAt);
        }
    }

    private static async Task ExecuteAsync(ControlPlaneHost host, string sql, params object?[] values)
    {
        await using var command = host.Database.DataSource.CreateCommand(sql);
        foreach (var value in values)
        {
            command.Parameters.Add(new NpgsqlParameter { Value = value ?? DBNull.Value });
        }

        await command.ExecuteNonQueryAsync(Timeouts.Token);
    }
}
