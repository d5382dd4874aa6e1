using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Trinity.AiBridge.FunctionalTests.Bridges;
using Trinity.AiBridge.FunctionalTests.Recording;
using Trinity.AiBridge.FunctionalTests.Reload;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Recording;

namespace Trinity.AiBridge.FunctionalTests.Hosting;

/// <summary>A replica that ends lets its requests finish, writes their records, and leaves the fleet.</summary>
public sealed class ShutdownTests
{
    [Fact]
    public async Task Stop_WithAStreamRunning_IsUnreadyFirstThenDrainsRecordsAndLeaves()
    {
        var clock = new ManualTimeProvider();
        await using var bench = await TestBench.StartAsync(["anthropic"], ["AiBridge:ShutdownDelay=00:00:10"], builder => builder.Services.AddSingleton<TimeProvider>(clock));
        using var stream = await GatedStream.StartAsync(bench, TestBench.KeyOf("anthropic"));
        await ReplicaRow.WhenAsync(bench, _ => true, "the replica is in the fleet");

        var stopping = bench.Bridge.StopAsync();
        await Eventually.TrueAsync(async () => await StatusAsync(bench) == HttpStatusCode.ServiceUnavailable, "it turns unready");
        bench.Upstream.Expect("POST", "/v1/messages").Reply(AnthropicMessage.Saying("Hello.").Blocking());
        using (var late = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request)))
        {
            Assert.Equal(HttpStatusCode.OK, late.StatusCode); // load balancers have not noticed yet
        }

        clock.Advance(TimeSpan.FromSeconds(10));
        await Eventually.TrueAsync(() => RefusesConnectionsAsync(bench), "it stops accepting");
        Assert.False(stopping.IsCompleted);
        Assert.Single(await ReplicaRow.ListAsync(bench)); // it still works
        Assert.Equal(stream.Expected, await stream.FinishAsync());
        await stopping;

        var record = await RecordedInterception.FindAsync(bench.Database.DataSource, Guid.Parse(stream.Reply.Headers.GetValues("X-Trinity-Interception-Id").Single()));
        Assert.Equal("completed", record?.Outcome);
        Assert.Empty(await ReplicaRow.ListAsync(bench));
    }

    [Fact]
    public async Task Stop_StreamOutlivesTheDeadline_IsToldSoAndRecorded()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], ["AiBridge:ShutdownDeadline=00:00:00.500"]);
        using var stream = await GatedStream.StartAsync(bench, TestBench.KeyOf("anthropic"));

        await bench.Bridge.StopAsync();

        var body = await stream.ReadAsync();
        Assert.Contains("event: error", body, StringComparison.Ordinal);
        Assert.Contains("drain_deadline", body, StringComparison.Ordinal);
        var record = await RecordedInterception.FindAsync(bench.Database.DataSource, Guid.Parse(stream.Reply.Headers.GetValues("X-Trinity-Interception-Id").Single()));
        Assert.Equal(("bridge_error", "drain_deadline"), (record?.Outcome, record?.Error));
        Assert.Equal(1, (await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ShutdownDeadlinePassed)).Values.Single(value => value.Key == "Requests").Value);
        Assert.Empty(await ReplicaRow.ListAsync(bench));
    }

    [Fact]
    public async Task Stop_RequestWithoutAnAnswerOutlivesTheDeadline_IsAnsweredInTheVendorsShape()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], ["AiBridge:ShutdownDeadline=00:00:00.500"]);
        bench.Upstream.Expect("POST", "/v1/messages").Reply(FakeReply.Never());
        var asking = bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
        await bench.Upstream.WhenReceivedAsync();

        await bench.Bridge.StopAsync();

        using var reply = await asking;
        Assert.Equal(HttpStatusCode.ServiceUnavailable, reply.StatusCode);
    }

    [Fact]
    public async Task Stop_WithNothingRunning_IsQuickAndQuiet()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);

        await bench.Bridge.StopAsync();

        Assert.Empty(bench.Bridge.Logs.Of(EventIds.ShutdownDeadlinePassed));
        Assert.DoesNotContain(bench.Bridge.Logs.All, log => log.Level >= Microsoft.Extensions.Logging.LogLevel.Error);
    }

    // The host's patience is over when requests had to be cut; their records are written all the same.
    [Fact]
    public async Task Stop_HostHasNoTimeLeft_RecordsAreStillWritten()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages").Reply(AnthropicMessage.Saying("Hello.").Blocking());
        await using var connection = await bench.Database.DataSource.OpenConnectionAsync(Timeouts.Token);
        await using var blocking = await connection.BeginTransactionAsync(Timeouts.Token);
        await using (var command = new Npgsql.NpgsqlCommand("lock table interceptions in access exclusive mode", connection))
        {
            await command.ExecuteNonQueryAsync(Timeouts.Token);
        }

        using var reply = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
        await Eventually.TrueAsync(() => HostMetrics.Gauge(bench.Bridge, "trinity_record_queue_length") == 1, "the record waits for Postgres: a server that has drained is done with its requests");
        var shipper = bench.Bridge.Services.GetServices<IHostedService>().OfType<RecordShipper>().Single();
        var stopping = shipper.StopAsync(new CancellationToken(canceled: true));
        await blocking.RollbackAsync(Timeouts.Token);
        await stopping;

        Assert.NotNull(await RecordedInterception.FindAsync(bench.Database.DataSource, Guid.Parse(reply.Headers.GetValues("X-Trinity-Interception-Id").Single())));
    }

    private static async Task<HttpStatusCode> StatusAsync(TestBench bench)
    {
        using var reply = await bench.Client.GetAsync("/readyz", Timeouts.Token);
        return reply.StatusCode;
    }

    private static async Task<bool> RefusesConnectionsAsync(TestBench bench)
    {
        using var fresh = LoopbackHttp.CreateClient(bench.Bridge.Url);
        try
        {
            using var reply = await fresh.GetAsync("/healthz", Timeouts.Token);
            return false;
        }
        catch (HttpRequestException)
        {
            return true;
        }
    }
}
