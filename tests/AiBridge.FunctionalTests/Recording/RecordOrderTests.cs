using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Recording;

/// <summary>A record tells of its exchange, whoever else shares the bridge and however late it is written.</summary>
public sealed class RecordOrderTests
{
    [Fact]
    public async Task RecordsWrittenMuchLater_KeepTheTimesAndTheOrderOfTheirExchanges()
    {
        var clock = new ManualTimeProvider();
        await using var bench = await TestBench.StartAsync(["openai"], configure: builder => builder.Services.AddSingleton<TimeProvider>(clock));
        bench.Upstream.Respond(_ => Models.Blocking(Models.Responses));
        var started = new List<(Guid Id, DateTime At)>();
        await using var connection = await bench.Database.DataSource.OpenConnectionAsync(Timeouts.Token);
        await using var locked = await connection.BeginTransactionAsync(Timeouts.Token);
        await connection.ExecuteAsync("lock table interceptions in access exclusive mode");

        for (var i = 0; i < 5; i++)
        {
            var now = clock.GetUtcNow().UtcDateTime;
            using var reply = await bench.SendAsync(bench.Request(Models.Responses));
            started.Add((Guid.Parse(reply.Headers.GetValues("X-Trinity-Interception-Id").Single()), now));
            _ = await reply.Content.ReadAsByteArrayAsync(Timeouts.Token);
            clock.Advance(TimeSpan.FromMinutes(1));
        }

        clock.Advance(TimeSpan.FromHours(1));
        await locked.RollbackAsync(Timeouts.Token);

        await Eventually.TrueAsync(async () => await bench.Database.ScalarAsync<long>("select count(*) from interceptions") == started.Count, "the records arrive once the lock is gone");
        await using var command = new NpgsqlCommand("select id, started_at from interceptions order by id", connection);
        var rows = new List<(Guid Id, DateTime At)>();
        await using var reader = await command.ExecuteReaderAsync(Timeouts.Token);
        while (await reader.ReadAsync(Timeouts.Token))
        {
            rows.Add((reader.GetGuid(0), reader.GetDateTime(1)));
        }

        Assert.Equal(started, rows);
    }

    // One bridge serves all callers; what is booked must not be the first one's.
    [Fact]
    public async Task TwoKeysOfOneAgent_ShareTheBridgeAndAreRecordedEachAsItself()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        var tokens = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var name in new[] { "robot's first", "robot's second" })
        {
            tokens[name] = await bench.Config.AddVirtualKeyAsync(name, agent: "robot");
        }

        await bench.AppliedAsync();
        for (var i = 0; i < 3; i++)
        {
            foreach (var (name, token) in tokens)
            {
                using var request = bench.Request(Models.Messages, stream: i % 2 == 0);
                request.Headers.Authorization = new("Bearer", token);
                using var reply = await bench.SendAsync(request);
                _ = await reply.Content.ReadAsByteArrayAsync(Timeouts.Token);

                var record = await bench.RecordedAsync(reply);
                Assert.Equal((name, "robot", 12, 34), (record.Caller, record.Agent, record.Input, record.Output));
            }
        }

        Assert.Equal(1, bench.Bridge.Pool.Built);
    }
}
