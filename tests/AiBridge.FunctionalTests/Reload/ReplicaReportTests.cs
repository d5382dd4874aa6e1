using Dapper;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AiBridge.FunctionalTests.Bridges;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Reload;
using Trinity.Shared.Hosting;

namespace Trinity.AiBridge.FunctionalTests.Reload;

/// <summary>Step (g): what a rollout concludes "safe to revoke" from.</summary>
public sealed class ReplicaReportTests
{
    private const string FastHeartbeat = "AiBridge:HeartbeatInterval=00:00:00.050";

    [Fact]
    public async Task Report_WhileAStreamDrains_NamesTheOldKeyUntilTheStreamEnds()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], [FastHeartbeat, "AiBridge:Address=bridge-one:8787"]);
        var oldKey = await bench.Database.ScalarAsync<Guid>("select id from ai_provider_keys");
        var oldRevision = bench.Bridge.Snapshot!.Providers["anthropic"].Revision;
        using var stream = await GatedStream.StartAsync(bench, TestBench.KeyOf("anthropic"));
        using var second = await GatedStream.StartAsync(bench, TestBench.KeyOf("anthropic"));
        var before = await ReplicaRow.WhenAsync(bench, _ => true, "there is one replica");
        Assert.Empty(before.DrainingBridges); // in use, but of the live revision

        var generation = await bench.Config.SetKeysAsync("anthropic", "sk-the-new-key-0123456789");

        var row = await ReplicaRow.WhenAsync(bench, row => row.Generation == generation, "the new generation is reported");
        var draining = Assert.Single(row.DrainingBridges);
        Assert.Equal(["key_ids", "leases", "provider_id", "revision", "since"], draining.EnumerateObject().Select(member => member.Name).Order(StringComparer.Ordinal));
        Assert.Equal(bench.Config.IdOf("anthropic"), draining.GetProperty("provider_id").GetGuid());
        Assert.Equal(oldRevision, draining.GetProperty("revision").GetString());
        Assert.Equal(oldKey, Assert.Single(draining.GetProperty("key_ids").EnumerateArray()).GetGuid());
        Assert.Equal(2, draining.GetProperty("leases").GetInt32());
        Assert.InRange(draining.GetProperty("since").GetDateTimeOffset(), TimeProvider.System.GetUtcNow().AddMinutes(-1), TimeProvider.System.GetUtcNow());
        Assert.Equal(("bridge-one:8787", TrinityHosting.Version), (row.Address, row.Version));
        Assert.True(row.AppliedAt > before.AppliedAt);

        await stream.FinishAsync();
        await ReplicaRow.WhenAsync(bench, row => row.DrainingBridges is [var one] && one.GetProperty("leases").GetInt32() == 1, "one stream is left");
        await second.FinishAsync();
        var after = await ReplicaRow.WhenAsync(bench, row => row.DrainingBridges.Length == 0, "nothing drains any more");
        Assert.Equal((generation, row.AppliedAt), (after.Generation, after.AppliedAt)); // still applied when it was
    }

    // No report may claim a generation while an older key is in use and not named.
    [Fact]
    public async Task Reports_UnderRotationsAndTraffic_NeverClaimMoreThanIsTrue()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], ["AiBridge:HeartbeatInterval=00:00:00.010"]);
        using var stream = await GatedStream.StartAsync(bench, TestBench.KeyOf("anthropic"));
        var first = bench.Bridge.Snapshot!.Generation;
        using var stop = new CancellationTokenSource();
        var watching = Task.Run(async () =>
        {
            var lies = new List<string>();
            while (!stop.IsCancellationRequested)
            {
                foreach (var row in await ReplicaRow.ListAsync(bench))
                {
                    if (row.Generation > first && row.DrainingBridges.Length == 0)
                    {
                        lies.Add($"generation {row.Generation}, draining {row.Draining}");
                    }
                }
            }

            return lies;
        });

        for (var i = 0; i < 40; i++)
        {
            await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", $"sk-rotated-{i:00}-0123456789"));
        }

        await ReplicaRow.WhenAsync(bench, row => row.Generation > first, "rotations are reported");
        await stop.CancelAsync();
        Assert.Empty(await watching);
        await stream.FinishAsync();
    }

    // 2.4 o, R12.
    [Fact]
    public async Task Replicas_TwoOnOneDatabase_BothConvergeAndBothReport()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], [FastHeartbeat]);
        await using var other = await bench.StartReplicaAsync([FastHeartbeat]);
        using var client = LoopbackHttp.CreateClient(other.Url);
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));

        var generation = await bench.Config.SetKeysAsync("anthropic", "sk-for-both-0123456789");
        await bench.Bridge.WhenAppliedAsync(generation);
        await other.WhenAppliedAsync(generation);

        foreach (var each in new[] { bench.Client, client })
        {
            using var reply = await each.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request), Timeouts.Token);
            Assert.Equal("sk-for-both-0123456789", bench.Upstream.Requests[^1].Key);
        }

        await Eventually.TrueAsync(async () => await ReplicaRow.ListAsync(bench) is [{ } one, { } two] && one.Generation == generation && two.Generation == generation, "both report");
    }

    [Fact]
    public async Task Replicas_TwoOnOneDataDirectory_AreTwo()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], [FastHeartbeat]);
        await using var other = await bench.StartReplicaAsync([FastHeartbeat], data: bench.Bridge.Data);

        await Eventually.TrueAsync(async () => (await ReplicaRow.ListAsync(bench)).Count == 2, "two replicas report");

        Assert.NotEqual(bench.Bridge.Services.GetRequiredService<ReplicaIdentity>().Id, other.Services.GetRequiredService<ReplicaIdentity>().Id);
        await other.WhenAppliedAsync(await bench.Config.RevisionAsync());
        await Eventually.TrueAsync(() => Directory.GetFiles(bench.Bridge.Data, "last-good-config*.json").Length == 2, "each keeps its own last good configuration");
    }

    [Fact]
    public async Task Replica_Restarted_TakesItsRowOver()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], startBridge: false);
        var data = Directory.CreateTempSubdirectory("trinity-bridge-").FullName;
        try
        {
            ReplicaRow before;
            await using (await bench.StartReplicaAsync([FastHeartbeat], data)) // ends without a word, as after a crash
            {
                before = await ReplicaRow.WhenAsync(bench, _ => true, "the replica reports");
            }

            await using var again = await bench.StartReplicaAsync([FastHeartbeat], data);

            var after = await ReplicaRow.WhenAsync(bench, row => row.StartedAt > before.StartedAt, "the same row is taken over");
            Assert.Equal(before.Id, after.Id);
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    // A rollout that does not know of the replica could call a key safe to revoke that it is about to use.
    [Fact]
    public async Task Start_WhileTheReportIsNotTaken_ServesNothingUntilItIs()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], startBridge: false);
        await using var connection = await bench.Database.DataSource.OpenConnectionAsync(Timeouts.Token);
        await using var transaction = await connection.BeginTransactionAsync(Timeouts.Token);
        await connection.ExecuteAsync("lock table bridge_replicas in exclusive mode");

        await using var host = await BridgeHost.StartAsync(bench.Database.ConnectionString, bench.EncryptionKeys);
        await host.Logs.WhenLoggedAsync(EventIds.ReloadFailed);
        Assert.Null(host.Snapshot);
        await transaction.RollbackAsync(Timeouts.Token);

        await host.WhenAppliedAsync(await bench.Config.RevisionAsync());
        Assert.Single(await ReplicaRow.ListAsync(bench));
    }

    [Fact]
    public async Task Report_AfterTheWithdrawal_DoesNotPutTheRowBack()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        var reporter = bench.Bridge.Services.GetRequiredService<ReplicaReporter>();

        await reporter.TryWithdrawAsync(Timeouts.Token);
        Assert.True(await reporter.TryReportAsync(Timeouts.Token));

        Assert.Empty(await ReplicaRow.ListAsync(bench));
    }

    // A defect, or a database that was tampered with, must not end the process that carries the traffic.
    [Fact]
    public async Task Report_ThatCannotSucceed_LeavesTheReplicaServing()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], [FastHeartbeat]);
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));

        await bench.Database.ExecuteAsync("alter table config_revision alter column revision drop default, alter column revision type text using 'x'");
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.HeartbeatFailed);

        using var reply = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
        Assert.True(reply.IsSuccessStatusCode);
        await bench.Database.ExecuteAsync("alter table config_revision alter column revision type bigint using 1000");
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.HeartbeatRecovered);
        await bench.Bridge.WhenAppliedAsync(1000);
    }
}
