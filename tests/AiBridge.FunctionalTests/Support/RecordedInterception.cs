using Dapper;
using Npgsql;

namespace Trinity.AiBridge.FunctionalTests.Support;

/// <summary>An interception as it stands in the database, with its usage.</summary>
internal sealed record RecordedInterception
{
    public Guid Id { get; init; }
    public string Provider { get; init; } = "";
    public string? ProviderType { get; init; }
    public string? Route { get; init; }
    public string? Model { get; init; }
    public string Client { get; init; } = "";
    public string? SessionId { get; init; }
    public string? Caller { get; init; }
    public string? Agent { get; init; }
    public bool Streaming { get; init; }
    public int Status { get; init; }
    public string Outcome { get; init; } = "";
    public string? Error { get; init; }
    public string? CredentialKind { get; init; }
    public string? KeyHint { get; init; }
    public string? Credential { get; init; }
    public int Attempts { get; init; }
    public long Generation { get; init; }
    public double? FirstByteMs { get; init; }
    public double DurationMs { get; init; }

    // The usage; null when none was recorded.
    public long? Input { get; init; }
    public long? Output { get; init; }
    public long? CacheRead { get; init; }
    public long? CacheWrite { get; init; }
    public long? Reasoning { get; init; }

    public IReadOnlyList<RecordedTool> Tools { get; private set; } = [];

    public static async Task<RecordedInterception> ReadAsync(NpgsqlDataSource database, Guid id)
    {
        RecordedInterception? found = null;
        await Eventually.TrueAsync(async () => (found = await FindAsync(database, id)) is not null, $"interception {id} is recorded");
        return found!;
    }

    public static async Task<RecordedInterception?> FindAsync(NpgsqlDataSource database, Guid id)
    {
        const string sql = "select i.*, u.input, u.output, u.cache_read, u.cache_write, u.reasoning from interceptions i left join token_usages u on u.interception_id = i.id where i.id = @Id";
        await using var connection = await database.OpenConnectionAsync();
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        var found = await connection.QuerySingleOrDefaultAsync<RecordedInterception>(sql, new { Id = id });
        if (found is not null)
        {
            found.Tools = [.. await connection.QueryAsync<RecordedTool>("select tool_call_id, tool, input from tool_usages where interception_id = @Id order by ordinal", new { Id = id })];
        }

        return found;
    }
}

internal sealed record RecordedTool
{
    public string? ToolCallId { get; init; }
    public string Tool { get; init; } = "";
    public string? Input { get; init; }
}
