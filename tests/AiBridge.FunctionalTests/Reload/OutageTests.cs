using System.Net;
using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Trinity.AiBridge.FunctionalTests.Bridges;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Reload;

/// <summary>Postgres is away: at the start, or while we serve.</summary>
public sealed class OutageTests(OwnPostgres postgres) : IClassFixture<OwnPostgres>
{
    [Fact]
    public async Task Postgres_StoppedWhileServing_TrafficGoesOnAndChangesAreAppliedAfterwards()
    {
        await using var bench = await postgres.StartBenchAsync();
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        await using var host = await BridgeHost.StartAsync(bench.Database.ConnectionString, bench.EncryptionKeys);
        await host.WhenAppliedAsync(await bench.Config.RevisionAsync());
        using var client = LoopbackHttp.CreateClient(host.Url);

        await bench.Database.ExecuteAsync("checkpoint"); // the test server does not flush every commit
        await postgres.StopAsync(crash: true);
        await host.Logs.WhenLoggedAsync(EventIds.ListenerLost);
        await host.Logs.WhenLoggedAsync(EventIds.HeartbeatFailed);
        for (var i = 0; i < 10; i++)
        {
            await AskAsync(bench, client, TestBench.KeyOf("anthropic"));
        }

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", Timeouts.Token)).StatusCode);
        await postgres.StartAsync(bench);
        await host.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", "sk-after-the-outage-0123456789"));
        await AskAsync(bench, client, "sk-after-the-outage-0123456789");
        await Eventually.TrueAsync(
            async () => await bench.Database.ScalarAsync<long>("select count(*) from interceptions") == 11, "the records of the outage are written too");
    }

    [Fact]
    public async Task Disk_RefusedTheLastGoodConfigurationAndTakesItAgain_IsWrittenWithoutAChange()
    {
        await using var bench = await postgres.StartBenchAsync();
        var data = Directory.CreateTempSubdirectory("trinity-bridge-").FullName;
        try
        {
            var copy = Path.Combine(data, "last-good-config.json");
            Directory.CreateDirectory(copy + ".tmp"); // the temporary file cannot be made
            await using var host = await BridgeHost.StartAsync(bench.Database.ConnectionString, bench.EncryptionKeys, data: data);
            await host.Logs.WhenLoggedAsync(log => log.EventId.Id == EventIds.LastGoodNotWritten && !log.Message.Contains("does not answer", StringComparison.Ordinal)); // which a slow one is called, too

            Directory.Delete(copy + ".tmp");

            await host.Logs.WhenLoggedAsync(EventIds.LastGoodKept);
            Assert.True(File.Exists(copy));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    // Whoever sees a change applied may revoke the old key; a replica that is killed at that very moment must not come back with it.
    [Fact]
    public async Task Change_NotOnDiskYet_IsNotSeenApplied()
    {
        using var disk = new ManualResetEventSlim();
        await using var bench = await TestBench.StartAsync(["anthropic"], configure: builder => builder.Services.AddSingleton<TimeProvider>(new ManualTimeProvider())); // no disk is too slow
        var before = bench.Bridge.Snapshot!.Generation;
        bench.Bridge.Services.GetRequiredService<DiskThread>().Run(() => disk.Wait(Timeouts.Default));

        var revision = await bench.Config.SetKeysAsync("anthropic"); // a provider without a key: that is logged when the change is built, just before it is written
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ProviderWithoutKey);
        await Task.WhenAny(bench.Bridge.WhenAppliedAsync(revision), Task.Run(() => AskWhileTheDiskHangsAsync(bench), Timeouts.Token));
        Assert.Equal(before, bench.Bridge.Snapshot.Generation);
        disk.Set();

        await bench.Bridge.WhenAppliedAsync(revision);
        await using var copy = File.OpenRead(Path.Combine(bench.Bridge.Data, "last-good-config.json"));
        Assert.Equal(revision, (await JsonDocument.ParseAsync(copy, cancellationToken: Timeouts.Token)).RootElement.GetProperty("Revision").GetInt64());
    }

    [Fact]
    public async Task Start_WithoutPostgres_ServesTheLastGoodConfiguration()
    {
        await using var bench = await postgres.StartBenchAsync();
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        var data = Directory.CreateTempSubdirectory("trinity-bridge-").FullName;
        try
        {
            await bench.Config.SetKeysAsync("anthropic", "sk-last-good-0123456789");
            var revision = await bench.Config.RevisionAsync();
            await using (var before = await BridgeHost.StartAsync(bench.Database.ConnectionString, bench.EncryptionKeys, data: data))
            {
                await before.WhenAppliedAsync(revision);
                await before.StopAsync();
            }

            Assert.DoesNotContain("sk-last-good", await File.ReadAllTextAsync(Path.Combine(data, "last-good-config.json"), Timeouts.Token), StringComparison.Ordinal);
            await postgres.StopAsync();

            await using var host = await BridgeHost.StartAsync(bench.Database.ConnectionString, bench.EncryptionKeys, data: data);
            await host.WhenAppliedAsync(revision);
            using var client = LoopbackHttp.CreateClient(host.Url);
            await AskAsync(bench, client, "sk-last-good-0123456789");
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", Timeouts.Token)).StatusCode);
            await Eventually.TrueAsync(() => host.Logs.Of(EventIds.LastGoodServed).Count == 1, "the log says so"); // a moment after it is served

            await postgres.StartAsync(bench);
            await host.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", "sk-newer-0123456789"));
            await AskAsync(bench, client, "sk-newer-0123456789");
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    // A first start without Postgres, or with a copy that somebody damaged: alive, unready, honest, and well as soon as Postgres is there.
    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("{\"Revision\":")]
    [InlineData("null")]
    [InlineData("""{"Revision":1,"Providers":[null],"ProviderKeys":[],"VirtualKeys":[]}""")]
    public async Task Start_WithoutPostgresAndWithoutAUsableCopy_IsUnreadyUntilPostgresAppears(string? lastGood)
    {
        await using var bench = await postgres.StartBenchAsync();
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        var data = Directory.CreateTempSubdirectory("trinity-bridge-").FullName;
        try
        {
            if (lastGood is not null)
            {
                await File.WriteAllTextAsync(Path.Combine(data, "last-good-config.json"), lastGood, Timeouts.Token);
            }

            await postgres.StopAsync();
            await using var host = await BridgeHost.StartAsync(bench.Database.ConnectionString, bench.EncryptionKeys, data: data);
            await Eventually.TrueAsync(() => host.Logs.Of(EventIds.ReloadFailed).Count >= 2, "it goes on trying");
            using var client = LoopbackHttp.CreateClient(host.Url);

            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/healthz", Timeouts.Token)).StatusCode);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/readyz", Timeouts.Token)).StatusCode);
            using var refused = await client.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request), Timeouts.Token);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            var error = JsonElement.Parse(await refused.Content.ReadAsStringAsync(Timeouts.Token));
            Assert.Equal(("error", "overloaded_error"), (error.GetProperty("type").GetString(), error.GetProperty("error").GetProperty("type").GetString()));

            await postgres.StartAsync(bench);
            await host.WhenAppliedAsync(await bench.Config.RevisionAsync());
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", Timeouts.Token)).StatusCode);
            await AskAsync(bench, client, TestBench.KeyOf("anthropic"));
        }
        finally
        {
            Directory.Delete(data, recursive: true);
        }
    }

    // A name that does not resolve is another kind of exception than a refused connection.
    [Fact]
    public async Task Start_WithADatabaseHostThatDoesNotResolve_StaysAlive()
    {
        await using var host = await BridgeHost.StartAsync("Host=database.invalid;Database=x;Username=x;Timeout=2", $"test:{Convert.ToBase64String(new byte[32])}");
        await Eventually.TrueAsync(() => host.Logs.Of(EventIds.ListenerLost).Count >= 2 && host.Logs.Of(EventIds.ReloadFailed).Count >= 2, "it goes on trying");
        await host.Logs.WhenLoggedAsync(EventIds.HeartbeatFailed);

        Assert.False(host.Services.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping.IsCancellationRequested);
        using var client = LoopbackHttp.CreateClient(host.Url);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/healthz", Timeouts.Token)).StatusCode);
    }

    // Time in which a change would be applied.
    private static async Task AskWhileTheDiskHangsAsync(TestBench bench)
    {
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        for (var i = 0; i < 100; i++)
        {
            await AskAsync(bench, bench.Client, TestBench.KeyOf("anthropic"));
        }
    }

    private static async Task AskAsync(TestBench bench, HttpClient client, string key)
    {
        using var reply = await client.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request), Timeouts.Token);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal(key, bench.Upstream.Requests[^1].Key);
    }
}

/// <summary>A Postgres that a test class may stop and start.</summary>
public sealed class OwnPostgres : IAsyncLifetime
{
    private PostgresServer? _server;

    public async ValueTask InitializeAsync() => _server = await PostgresServer.StartOwnAsync(Timeouts.Token);

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }
    }

    internal async Task<TestBench> StartBenchAsync()
    {
        if (!_server!.IsRunning)
        {
            await _server.StartAsync(Timeouts.Token); // the test before failed while it was stopped
        }

        return await TestBench.StartAsync(["anthropic"], startBridge: false, server: _server);
    }

    internal Task StopAsync(bool crash = false) => _server!.StopAsync(crash, Timeouts.Token);

    internal async Task StartAsync(TestBench bench)
    {
        await _server!.StartAsync(Timeouts.Token);
        bench.Database.DataSource.Clear(); // the test's own connections went with the server
    }
}
