using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using Trinity.AiBridge.FunctionalTests.Bridges;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Reload;

namespace Trinity.AiBridge.FunctionalTests.Reload;

/// <summary>A replica's data directory was copied while it ran: two processes have one id. In one row, each would hide what the other still serves.</summary>
public sealed class ClonedReplicaTests : IDisposable
{
    private const string FastHeartbeat = "AiBridge:HeartbeatInterval=00:00:00.050";

    private readonly string _data = Directory.CreateTempSubdirectory("trinity-bridge-").FullName;
    private readonly string _clone = Directory.CreateTempSubdirectory("trinity-bridge-").FullName;

    [Fact]
    public async Task Clone_WhileTheFirstDrains_BothAreCounted_AndTheFirstKeepsItsNewId()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], [FastHeartbeat]);
        using var stream = await GatedStream.StartAsync(bench, TestBench.KeyOf("anthropic"));
        var generation = await bench.Config.SetKeysAsync("anthropic", "sk-the-new-key-0123456789");
        await ReplicaRow.WhenAsync(bench, row => row.Generation == generation && row.DrainingBridges.Length == 1, "the old key drains");
        var id = IdOf(bench.Bridge);

        await using var clone = await bench.StartReplicaAsync([FastHeartbeat], CloneOf(id));
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ReplicaIdShared);
        await clone.WhenAppliedAsync(generation);

        await Eventually.TrueAsync(async () => await ReplicaRow.ListAsync(bench) is [{ DrainingBridges.Length: 1 } first, { DrainingBridges.Length: 0 } second]
            && first.Id == IdOf(bench.Bridge) && second.Id == id && first.Generation == generation && second.Generation == generation, "each has its row");
        Assert.NotEqual(id, IdOf(bench.Bridge));
        await stream.FinishAsync();
        await Eventually.TrueAsync(async () => (await ReplicaRow.ListAsync(bench)).All(row => row.DrainingBridges.Length == 0), "nothing drains any more");
        Assert.Single(bench.Bridge.Logs.Of(EventIds.ReplicaIdShared)); // once told apart, they stay so
        Assert.Empty(clone.Logs.Of(EventIds.ReplicaIdShared));
    }

    [Fact]
    public async Task NewId_AfterARestart_IsTheSame()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], startBridge: false);
        Guid renewed;
        await using (var first = await bench.StartReplicaAsync([FastHeartbeat], _data))
        {
            await ReplicaRow.WhenAsync(bench, _ => true, "the replica reports");
            await using var clone = await bench.StartReplicaAsync([FastHeartbeat], CloneOf(IdOf(first)));
            await Eventually.TrueAsync(async () => (await ReplicaRow.ListAsync(bench)).Count == 2, "both report");
            renewed = IdOf(first);
        }

        await using var again = await bench.StartReplicaAsync([FastHeartbeat], _data);

        Assert.Equal(renewed, IdOf(again));
    }

    // The clocks stand still, so no heartbeat interferes.
    [Fact]
    public async Task Clone_IsToldApartByTheNextReport()
    {
        await using var bench = await StartAtAStandstillAsync();
        await using var clone = await StartCloneAsync(bench);
        var id = IdOf(clone);

        for (var i = 0; i < 3; i++)
        {
            Assert.True(await ReporterOf(bench.Bridge).TryReportAsync(Timeouts.Token));
            Assert.True(await ReporterOf(clone).TryReportAsync(Timeouts.Token));
        }

        Assert.Equal(id, IdOf(clone));
        Assert.Equivalent(new[] { id, IdOf(bench.Bridge) }, (await ReplicaRow.ListAsync(bench)).Select(row => row.Id), strict: true);
    }

    [Fact]
    public async Task Withdrawal_OfARowThatTheCloneHas_LeavesIt()
    {
        await using var bench = await StartAtAStandstillAsync();
        await using var clone = await StartCloneAsync(bench);

        var before = (await ReplicaRow.ListAsync(bench)).Single(row => row.Id == IdOf(clone));

        await ReporterOf(bench.Bridge).TryWithdrawAsync(Timeouts.Token);

        var after = Assert.Single(await ReplicaRow.ListAsync(bench));
        Assert.Equal((before.Id, before.AppliedAt), (after.Id, after.AppliedAt)); // not one that was put back
    }

    // An id given up for nothing would leave a lost row, which blocks rollouts until somebody removes it.
    [Fact]
    public async Task Report_TakenButNotAnswered_IsNotTakenForAClones()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], startBridge: false);
        await using var wire = new TcpFaultProxy(bench.Database.Server.Port);
        var through = new NpgsqlConnectionStringBuilder(bench.Database.ConnectionString) { Port = wire.Port, SslMode = SslMode.Disable, GssEncryptionMode = GssEncryptionMode.Disable };
        await using var host = await BridgeHost.StartAsync(through.ConnectionString, bench.EncryptionKeys, [FastHeartbeat]);
        var before = await ReplicaRow.WhenAsync(bench, row => row.Generation > 0, "the replica reports");

        wire.Fault = TcpFault.Reset;
        await host.Logs.WhenLoggedAsync(EventIds.HeartbeatFailed);
        await bench.Database.ExecuteAsync("update bridge_replicas set heartbeat_at = clock_timestamp()"); // as the one would whose answer is lost
        wire.Fault = TcpFault.None;
        await host.Logs.WhenLoggedAsync(EventIds.HeartbeatRecovered);

        Assert.Equal(before.Id, Assert.Single(await ReplicaRow.ListAsync(bench)).Id);
        Assert.Empty(host.Logs.Of(EventIds.ReplicaIdShared));
    }

    public void Dispose()
    {
        Directory.Delete(_data, recursive: true);
        Directory.Delete(_clone, recursive: true);
    }

    private static async Task<TestBench> StartAtAStandstillAsync()
    {
        var bench = await TestBench.StartAsync(["anthropic"], configure: builder => builder.Services.AddSingleton<TimeProvider>(new ManualTimeProvider()));
        await ReplicaRow.WhenAsync(bench, row => row.Generation > 0, "the replica has reported what it serves");
        return bench;
    }

    private async Task<BridgeHost> StartCloneAsync(TestBench bench)
    {
        var later = new ManualTimeProvider();
        later.Advance(TimeSpan.FromSeconds(1));
        var clone = await BridgeHost.StartAsync(
            bench.Database.ConnectionString, bench.EncryptionKeys, data: CloneOf(IdOf(bench.Bridge)), configure: builder => builder.Services.AddSingleton<TimeProvider>(later));
        await clone.WhenAppliedAsync(await bench.Config.RevisionAsync());
        Assert.True(await ReporterOf(clone).TryReportAsync(Timeouts.Token));
        return clone;
    }

    private string CloneOf(Guid id)
    {
        File.WriteAllText(Path.Combine(_clone, "replica-id"), id.ToString("D"));
        return _clone;
    }

    private static Guid IdOf(BridgeHost host) => host.Services.GetRequiredService<ReplicaIdentity>().Id;

    private static ReplicaReporter ReporterOf(BridgeHost host) => host.Services.GetRequiredService<ReplicaReporter>();
}
