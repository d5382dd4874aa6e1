using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Trinity.AiBridge.FunctionalTests.Bridges;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Reload;

namespace Trinity.AiBridge.FunctionalTests.Reload;

/// <summary>A change in the database, whoever writes it, reaches the bridge whole and in order.</summary>
public sealed class ReloadTests
{
    private const string NoHeartbeat = "AiBridge:HeartbeatInterval=01:00:00";

    // R1, R20: the database is the only source, and a row in it is served without a restart.
    [Fact]
    public async Task Provider_InsertedIntoAnEmptyDatabase_IsServed()
    {
        await using var bench = await TestBench.StartAsync([], [NoHeartbeat]);
        Assert.Empty(bench.Bridge.Snapshot!.Providers);
        using var unknown = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);

        await bench.Config.AddProviderAsync("anthropic", "anthropic", bench.UpstreamUrl("anthropic"), ["sk-inserted-0123456789"]);
        await bench.AppliedAsync();

        Assert.Equal("sk-inserted-0123456789", await KeySeenAsync(bench));
    }

    // R3, 2.4 l: the ordinal decides, not the time of creation, which two keys of one request share.
    [Fact]
    public async Task Keys_OfOneTransaction_AreUsedByOrdinalAndTheNextMovesUp()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", "sk-first-0123456789", "sk-second-0123456789"));
        Assert.Equal("sk-first-0123456789", await KeySeenAsync(bench));

        await bench.Database.ExecuteAsync("update ai_provider_keys set ordinal = 1 - ordinal");
        await bench.AppliedAsync();
        Assert.Equal("sk-second-0123456789", await KeySeenAsync(bench));

        await bench.Database.ExecuteAsync("delete from ai_provider_keys where ordinal = 0");
        await bench.AppliedAsync();
        Assert.Equal("sk-first-0123456789", await KeySeenAsync(bench));
    }

    // R4: a provider without a key is no error, but its operator hears of it.
    [Fact]
    public async Task Provider_WithoutAKey_IsSaidSoAndHurtsNobody()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);

        await bench.Config.AddProviderAsync("keyless", "anthropic", bench.UpstreamUrl("anthropic"));
        await bench.AppliedAsync();

        using var refused = await bench.SendAsync(bench.Post("/keyless/v1/messages", GatedStream.Request));
        Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        Assert.Equal(LogLevel.Warning, Assert.Single(bench.Bridge.Logs.Of(EventIds.ProviderWithoutKey)).Level);
        Assert.Equal(TestBench.KeyOf("anthropic"), await KeySeenAsync(bench));
    }

    // R8: what was rolled back never happened.
    [Fact]
    public async Task Change_RolledBack_ReloadsNothing()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], [NoHeartbeat]);
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ListenerConnected);
        var before = bench.Bridge.Snapshot!.Generation;

        await bench.Database.ExecuteAsync("begin; update ai_providers set enabled = false; rollback");
        var revision = await bench.Config.SetKeysAsync("anthropic", "sk-next-0123456789");
        await bench.Bridge.Logs.WhenLoggedAsync(log => log.EventId.Id == EventIds.ConfigSwapped && GenerationOf(log) == revision);

        Assert.Equal([before, revision], bench.Bridge.Logs.Of(EventIds.ConfigSwapped).Select(GenerationOf));
    }

    // (d): a signal without a change swaps nothing.
    [Fact]
    public async Task Reload_WithoutAChange_KeepsTheSnapshot()
    {
        await using var bench = await TestBench.StartAsync(["anthropic", "openai"], [NoHeartbeat]);
        var before = bench.Bridge.Snapshot;

        Assert.True(await Reloader(bench).ReloadAsync(Timeouts.Token));

        Assert.Same(before, bench.Bridge.Snapshot);
    }

    [Fact]
    public async Task Change_OfOneProvider_IsLoggedAsOne()
    {
        await using var bench = await TestBench.StartAsync(["anthropic", "openai"], [NoHeartbeat]);

        await bench.Bridge.WhenAppliedAsync(await bench.Config.SetKeysAsync("anthropic", "sk-next-0123456789"));

        var swapped = await bench.Bridge.Logs.WhenLoggedAsync(log => log.EventId.Id == EventIds.ConfigSwapped && log.Values.Any(value => value is { Key: "Changed", Value: 1 }));
        Assert.Equal(2, swapped.Values.Single(value => value.Key == "Providers").Value);
    }

    // 2.4 j: the first load is held open with old rows in hand while a newer revision is committed and asked for.
    [Fact]
    public async Task Reload_OverlappedByANewerOne_NeverEndsOnTheOlderRead()
    {
        using var gate = new LogGate(EventIds.ProviderExcluded);
        await using var bench = await TestBench.StartAsync(["anthropic"], ["AiBridge:HeartbeatInterval=00:00:00.050"], builder => builder.Logging.AddProvider(gate));
        await bench.Config.AddProviderAsync("bad", "no-such-type", "https://api.example.com");
        await gate.Reached; // the load has its rows; it is excluding the bad one

        var revision = await bench.Config.SetKeysAsync("anthropic", "sk-newest-0123456789");
        var second = Reloader(bench).ReloadAsync(Timeouts.Token);
        await ReplicaRow.WhenReportedAsync(bench); // time in which an overtaking reload would be done
        Assert.True(bench.Bridge.Snapshot!.Generation < revision);
        gate.Open();

        Assert.True(await second);
        Assert.Equal(revision, bench.Bridge.Snapshot!.Generation);
        Assert.Equal("sk-newest-0123456789", await KeySeenAsync(bench));
        var generations = bench.Bridge.Logs.Of(EventIds.ConfigSwapped).Select(GenerationOf).ToList();
        Assert.Equal(generations.Order(), generations);
    }

    // 2.4 i and j: what happens during a load is not lost, and fifty notifications are at most two loads.
    [Fact]
    public async Task Changes_DuringALoad_AreCoalescedAndNotLost()
    {
        using var gate = new LogGate(EventIds.ProviderExcluded);
        await using var bench = await TestBench.StartAsync(["anthropic"], [NoHeartbeat], builder => builder.Logging.AddProvider(gate));
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ListenerConnected);
        await bench.Config.AddProviderAsync("bad", "no-such-type", "https://api.example.com");
        await gate.Reached;
        var before = Loads(bench);

        long revision = 0;
        for (var i = 0; i < 50; i++)
        {
            revision = await bench.Config.SetKeysAsync("anthropic", $"sk-number-{i}-0123456789");
        }

        gate.Open();
        await bench.Bridge.Logs.WhenLoggedAsync(log => log.EventId.Id == EventIds.ConfigSwapped && GenerationOf(log) == revision); // it is served before that
        Assert.Equal("sk-number-49-0123456789", await KeySeenAsync(bench));
        Assert.InRange(Loads(bench) - before, 2, 3); // the held one, and at most two more
    }

    // As when a host gives up waiting for its services to stop.
    [Fact]
    public async Task Reloader_DisposedDuringALoad_LetsItEndAsUsual()
    {
        using var gate = new LogGate(EventIds.ProviderExcluded);
        await using var bench = await TestBench.StartAsync(["anthropic"], [NoHeartbeat], builder => builder.Logging.AddProvider(gate));
        await bench.Database.ExecuteAsync("alter table ai_providers disable trigger all"); // nobody else asks for the load
        await bench.Config.AddProviderAsync("bad", "no-such-type", "https://api.example.com");
        var load = Task.Run(() => Reloader(bench).ReloadAsync(Timeouts.Token), Timeouts.Token);
        await gate.Reached;

        Reloader(bench).Dispose();
        gate.Open();

        Assert.True(await load);
    }

    // A storm on the very provider that is in use must not turn into refusals.
    [Fact]
    public async Task Rotations_AsFastAsTheDatabaseTakesThem_FailNoRequest()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        using var stop = new CancellationTokenSource();
        var callers = Enumerable.Range(0, 8).Select(async _ =>
        {
            var statuses = new List<HttpStatusCode>();
            while (!stop.IsCancellationRequested)
            {
                using var reply = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
                statuses.Add(reply.StatusCode);
            }

            return statuses;
        }).ToList();

        long revision = 0;
        for (var i = 0; i < 200; i++)
        {
            revision = await bench.Config.SetKeysAsync("anthropic", $"sk-storm-{i:000}-0123456789");
        }

        await bench.Bridge.WhenAppliedAsync(revision);
        await stop.CancelAsync();
        var all = (await Task.WhenAll(callers)).SelectMany(statuses => statuses).ToList();
        Assert.NotEmpty(all);
        Assert.All(all, status => Assert.Equal(HttpStatusCode.OK, status));
        Assert.Equal("sk-storm-199-0123456789", await KeySeenAsync(bench, scripted: false));
        await Eventually.TrueAsync(() => bench.Bridge.Pool is { Draining.Count: 0 } pool && pool.Closed == pool.Built - pool.Live.Count, "every old bridge has closed");
    }

    // R21: a load that fails keeps what is live, and says so.
    [Fact]
    public async Task Load_Fails_OldKeysStillWorkAndTheFailureIsLogged()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        var before = bench.Bridge.Snapshot;

        await bench.Database.ExecuteAsync("alter table virtual_keys rename column models to models_of_the_future; update ai_providers set enabled = true");
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ReloadFailed);

        Assert.Same(before, bench.Bridge.Snapshot);
        Assert.Equal(TestBench.KeyOf("anthropic"), await KeySeenAsync(bench));
        await bench.Database.ExecuteAsync("alter table virtual_keys rename column models_of_the_future to models");
        await bench.AppliedAsync();
    }

    [Fact]
    public async Task VirtualKey_ThatNeverExpires_IsServedAndHurtsNobody()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);

        await bench.Database.ExecuteAsync("update virtual_keys set expires_at = 'infinity'");
        await bench.AppliedAsync();

        Assert.Equal(TestBench.KeyOf("anthropic"), await KeySeenAsync(bench));
    }

    private static ConfigReloader Reloader(TestBench bench) => bench.Bridge.Services.GetRequiredService<ConfigReloader>();

    private static long GenerationOf(CapturedLog log) => (long)log.Values.Single(value => value.Key == "Generation").Value!;

    private static int Loads(TestBench bench) =>
        bench.Bridge.Logs.Of(EventIds.ConfigSwapped).Count + bench.Bridge.Logs.Of(EventIds.ConfigUnchanged).Count + bench.Bridge.Logs.Of(EventIds.ReloadFailed).Count;

    private static async Task<string?> KeySeenAsync(TestBench bench, bool scripted = true)
    {
        if (scripted)
        {
            bench.Upstream.Expect("POST", "/v1/messages").Reply(AnthropicMessage.Saying("Hello.").Blocking());
        }

        using var reply = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request));
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        _ = await reply.Content.ReadAsStringAsync(Timeouts.Token);
        return bench.Upstream.Requests[^1].Key;
    }
}
