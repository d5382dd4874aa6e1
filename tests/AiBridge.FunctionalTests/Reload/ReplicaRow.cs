using System.Text.Json;
using Dapper;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Reload;

/// <summary>A replica's row as rollouts read it.</summary>
internal sealed record ReplicaRow
{
    public Guid Id { get; init; }
    public string Address { get; init; } = "";
    public string Version { get; init; } = "";
    public long Generation { get; init; }
    public DateTime AppliedAt { get; init; }
    public DateTime HeartbeatAt { get; init; }
    public DateTime StartedAt { get; init; }
    public string Draining { get; init; } = "";
    public string Errors { get; init; } = "";

    public JsonElement[] DrainingBridges => JsonSerializer.Deserialize<JsonElement[]>(Draining)!;

    public JsonElement[] Problems => JsonSerializer.Deserialize<JsonElement[]>(Errors)!;

    public static async Task<IReadOnlyList<ReplicaRow>> ListAsync(TestBench bench)
    {
        const string sql = "select id, address, version, generation, applied_at, heartbeat_at, started_at, draining::text as draining, errors::text as errors from bridge_replicas order by started_at, id";
        DefaultTypeMap.MatchNamesWithUnderscores = true;
        await using var connection = await bench.Database.DataSource.OpenConnectionAsync(Timeouts.Token);
        return [.. await connection.QueryAsync<ReplicaRow>(sql)];
    }

    /// <summary>Waits until the only replica's row is as wanted.</summary>
    public static async Task<ReplicaRow> WhenAsync(TestBench bench, Func<ReplicaRow, bool> condition, string because)
    {
        ReplicaRow? found = null;
        await Eventually.TrueAsync(async () => (found = (await ListAsync(bench)).SingleOrDefault(condition)) is not null, because);
        return found!;
    }

    /// <summary>Waits until the replica has reported so many times more.</summary>
    public static async Task WhenReportedAsync(TestBench bench, int times = 2)
    {
        var last = (await ListAsync(bench)).Max(row => row.HeartbeatAt);
        for (var i = 0; i < times; i++)
        {
            last = (await WhenAsync(bench, row => row.HeartbeatAt > last, "the replica reports")).HeartbeatAt;
        }
    }
}
