using System.Diagnostics;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AiBridge.FunctionalTests.Bridges;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Reload;

namespace Trinity.AiBridge.FunctionalTests.Reload;

/// <summary>2.4 i and k: NOTIFY is a hint. Whatever becomes of it, the bridge converges.</summary>
public sealed class LostNotificationTests
{
    private const string NoHeartbeat = "AiBridge:HeartbeatInterval=01:00:00";

    // The trigger as it is, but for the NOTIFY.
    private const string LoseNotifications = """
        create or replace function notify_config_changed() returns trigger language plpgsql as $$
        begin
          update config_revision set revision = revision + 1, changed_at = clock_timestamp();
          return null;
        end $$
        """;

    [Fact]
    public async Task Notification_Lost_HeartbeatConvergesWithinASecond()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ListenerConnected);
        await bench.Database.ExecuteAsync(LoseNotifications);

        var fastest = TimeSpan.MaxValue;
        for (var i = 0; i < 5 && fastest > TimeSpan.FromSeconds(1); i++)
        {
            var revision = await bench.Config.SetKeysAsync("anthropic", $"sk-unannounced-{i}-0123456789");
            var started = Stopwatch.GetTimestamp();
            await bench.Bridge.WhenAppliedAsync(revision);
            fastest = Stopwatch.GetElapsedTime(started) is var elapsed && elapsed < fastest ? elapsed : fastest;
        }

        Assert.True(fastest < TimeSpan.FromSeconds(1), $"it took {fastest.TotalSeconds:0.000} s"); // the machine may be busy once, not five times
    }

    [Fact]
    public async Task Listener_Terminated_ComesBackAndHearsAgain()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], [NoHeartbeat]);
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ListenerConnected);

        Assert.Equal(1, await bench.Database.ScalarAsync<long>("select count(pg_terminate_backend(pid)) from pg_stat_activity where datname = current_database() and query like 'listen %'"));
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ListenerLost);
        await Eventually.TrueAsync(() => bench.Bridge.Logs.Of(EventIds.ListenerConnected).Count == 2, "the listener is back");

        await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", "sk-heard-again-0123456789"));
    }

    // 2.4 i: the change falls into the gap in which nobody listens; listening comes first, then looking.
    [Fact]
    public async Task Change_WhileNobodyListens_IsSeenWhenTheListenerIsBack()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], startBridge: false);
        await using var wire = new TcpFaultProxy(bench.Database.Server.Port);
        await using var host = await BridgeHost.StartAsync(Through(wire, bench), bench.EncryptionKeys, [NoHeartbeat]);
        await host.WhenAppliedAsync(await bench.Config.RevisionAsync());
        await host.Logs.WhenLoggedAsync(EventIds.ListenerConnected);

        wire.Fault = TcpFault.Reset;
        await host.Logs.WhenLoggedAsync(EventIds.ListenerLost);
        var revision = await bench.Config.SetKeysAsync("anthropic", "sk-in-the-gap-0123456789");
        Assert.NotEqual(revision, host.Snapshot!.Generation);
        wire.Fault = TcpFault.None;

        await host.WhenAppliedAsync(revision);
        wire.Fault = TcpFault.None;
    }

    // A report that cannot be written must not keep changes from being applied.
    [Fact]
    public async Task Report_Blocked_ChangesAreStillApplied()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        await using var connection = await bench.Database.DataSource.OpenConnectionAsync(Timeouts.Token);
        await using var blocking = await connection.BeginTransactionAsync(Timeouts.Token);
        await using var command = new Npgsql.NpgsqlCommand("lock table bridge_replicas in access exclusive mode", connection);
        await command.ExecuteNonQueryAsync(Timeouts.Token);

        for (var i = 0; i < 3; i++)
        {
            var revision = await bench.Config.SetKeysAsync("anthropic", $"sk-unreported-{i}-0123456789");
            await Eventually.TrueAsync(() => bench.Bridge.Snapshot!.Generation >= revision, "the change is applied", TimeSpan.FromSeconds(20));
        }

        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.HeartbeatFailed);
        await blocking.RollbackAsync(Timeouts.Token);
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.HeartbeatRecovered);
    }

    // The pause between attempts has grown to seconds by then.
    [Fact]
    public async Task Change_AfterManyFailedLoads_IsAppliedWithinASecond()
    {
        var clock = new ManualTimeProvider();
        await using var bench = await StartAsync(clock);
        await bench.Database.ExecuteAsync("alter table virtual_keys rename column models to models_of_the_future; update ai_providers set enabled = true");
        await Eventually.TrueAsync(
            () =>
            {
                if (bench.Bridge.Logs.Of(EventIds.ReloadFailed).Count >= 10)
                {
                    return true; // and the pause after the last has just begun
                }

                clock.Advance(TimeSpan.FromSeconds(5));
                return false;
            },
            "the pause has grown");

        await bench.Database.ExecuteAsync("alter table virtual_keys rename column models_of_the_future to models");
        var revision = await bench.Config.SetKeysAsync("anthropic", "sk-after-all-0123456789");

        var advanced = 0;
        await Eventually.TrueAsync(
            () =>
            {
                if (advanced < 900)
                {
                    clock.Advance(TimeSpan.FromMilliseconds(100));
                    advanced += 100;
                }

                return bench.Bridge.Snapshot!.Generation >= revision;
            },
            "the change is applied");
    }

    [Fact]
    public async Task Signals_WhileLoadsFail_MakeNoBusyLoop()
    {
        var clock = new ManualTimeProvider();
        await using var bench = await StartAsync(clock);
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        await bench.Database.ExecuteAsync("alter table virtual_keys rename column models to models_of_the_future; update ai_providers set enabled = true");
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ReloadFailed);

        for (var i = 0; i < 50; i++) // the clock stands still
        {
            bench.Bridge.Services.GetRequiredService<ChangeSignal>().Raise();
            using var reply = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
            Assert.True(reply.IsSuccessStatusCode);
        }

        Assert.Single(bench.Bridge.Logs.Of(EventIds.ReloadFailed));
    }

    private static async Task<TestBench> StartAsync(ManualTimeProvider clock)
    {
        var bench = await TestBench.StartAsync(["anthropic"], [NoHeartbeat], builder => builder.Services.AddSingleton<TimeProvider>(clock));
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ListenerConnected);
        return bench;
    }

    private static string Through(TcpFaultProxy wire, TestBench bench) =>
        new Npgsql.NpgsqlConnectionStringBuilder(bench.Database.ConnectionString) { Port = wire.Port, SslMode = Npgsql.SslMode.Disable, GssEncryptionMode = Npgsql.GssEncryptionMode.Disable }.ConnectionString;
}
