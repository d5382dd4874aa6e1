using Dapper;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Clients;

/// <summary>The records of clients that hide the reply's headers: found by their place instead of their id.</summary>
internal static class Recorded
{
    /// <summary>Waits for so many records and returns them, oldest first.</summary>
    public static async Task<IReadOnlyList<RecordedInterception>> RecordsAsync(this TestBench bench, int count)
    {
        IReadOnlyList<Guid> ids = [];
        await Eventually.TrueAsync(async () => (ids = await IdsAsync(bench)).Count >= count, $"{count} interceptions are recorded");
        Assert.Equal(count, ids.Count);
        var records = new List<RecordedInterception>();
        foreach (var id in ids)
        {
            records.Add((await RecordedInterception.FindAsync(bench.Database.DataSource, id))!);
        }

        return records;
    }

    private static async Task<IReadOnlyList<Guid>> IdsAsync(TestBench bench)
    {
        await using var connection = await bench.Database.DataSource.OpenConnectionAsync();
        return [.. await connection.QueryAsync<Guid>("select id from interceptions order by id")]; // v7: in order of time
    }
}
