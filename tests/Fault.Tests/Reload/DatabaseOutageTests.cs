using System.Net;
using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Reload;

/// <summary>Postgres is away, under load and at a start.</summary>
public sealed class DatabaseOutageTests
{
    private static readonly TimeSpan Outage = TimeSpan.FromSeconds(LongForm.IsOn ? 30 : 5);

    [Fact]
    public async Task Postgres_StoppedUnderLoad_NothingFailsAndNothingIsLost()
    {
        await using var server = await PostgresServer.StartOwnAsync(Timeouts.Token);
        await using var fleet = await Fleet.StartAsync(1, server);
        var load = new Load(fleet, TimeSpan.FromSeconds(2));
        fleet.Upstream.Respond(load.Answer);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(20, [fleet.Replicas[0].Url], stop.Token);
        using var probe = LoopbackHttp.CreateClient();

        await server.StopAsync(cancellationToken: Timeouts.Token);
        using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(500)))
        {
            for (var ticks = Outage / timer.Period; ticks > 0; ticks--)
            {
                Assert.True(await Probe.IsReadyAsync(probe, fleet.Replicas[0].Url, Timeouts.Token));
                await timer.WaitForNextTickAsync(Timeouts.Token);
            }
        }

        await server.StartAsync(Timeouts.Token);
        fleet.Database.DataSource.Clear();
        await fleet.Database.ExecuteAsync("update ai_providers set enabled = true");
        await fleet.CommitToAppliedMsAsync();
        await stop.CancelAsync();
        await running;

        Assert.Empty(load.Failures);
        await Eventually.TrueAsync(
            async () => await fleet.Database.ScalarAsync<long>("select count(*) from interceptions where outcome = 'completed'") == load.Done, "every request is recorded");
    }

    [Fact]
    public async Task Replica_KilledWhilePostgresIsAway_LosesNoRecord()
    {
        const int Requests = 300;
        await using var server = await PostgresServer.StartOwnAsync(Timeouts.Token);
        await using var fleet = await Fleet.StartAsync(1, server);
        fleet.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        using var client = LoopbackHttp.CreateClient();
        await server.StopAsync(cancellationToken: Timeouts.Token);
        await Parallel.ForAsync(0, Requests, new ParallelOptions { MaxDegreeOfParallelism = 8 }, async (_, _) =>
        {
            using var request = fleet.Request();
            using var reply = await client.SendAsync(request, Timeouts.Token);
            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        });
        await Eventually.TrueAsync(() => Directory.GetFiles(fleet.Replicas[0].Records).Sum(path => File.ReadLines(path).Count()) == Requests, "every record is on disk");

        await fleet.Replicas[0].KillAsync();
        await server.StartAsync(Timeouts.Token);
        fleet.Database.DataSource.Clear();
        await fleet.Replicas[0].StartAsync();

        await fleet.WhenRecordedAsync(Requests, "outcome = 'completed'");
        await Eventually.TrueAsync(() => Directory.GetFiles(fleet.Replicas[0].Records).Length == 0, "nothing is kept that Postgres has");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Replica_KilledOrStoppedAndStartedWithoutPostgres_ServesTheLastGoodConfiguration(bool killed)
    {
        await using var server = await PostgresServer.StartOwnAsync(Timeouts.Token);
        await using var fleet = await Fleet.StartAsync(1, server);
        fleet.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        await fleet.RotateAsync();
        await (killed ? fleet.Replicas[0].KillAsync() : fleet.Replicas[0].StopAsync());
        await server.StopAsync(cancellationToken: Timeouts.Token);

        await fleet.Replicas[0].StartAsync();

        using var client = LoopbackHttp.CreateClient();
        using var request = fleet.Request();
        using var reply = await client.SendAsync(request, Timeouts.Token);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal(Fleet.KeyOf(1), fleet.Upstream.Requests[^1].Key);
        await server.StartAsync(Timeouts.Token);
        fleet.Database.DataSource.Clear();
        await fleet.CommitToAppliedMsAsync();
    }
}
