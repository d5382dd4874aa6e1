using Trinity.ControlPlane.Tests.Hosting;
using static Trinity.ControlPlane.Tests.AccountUsage.UsageBench;

namespace Trinity.ControlPlane.Tests.AccountUsage;

/// <summary>How much of a subscription is left: when the provider is asked, when not, and what is served meanwhile.</summary>
public sealed class SubscriptionUsageTests
{
    [Fact]
    public async Task Refresh_AsksTheProvider_AndShowsTheBindingLimitFirst()
    {
        await using var bench = await StartAsync();
        var token = await bench.PutSubscriptionAsync("team");
        bench.Provider.Expect("GET", UsagePath, UsageReply(fiveHourPercent: 12, sevenDayPercent: 91.5));

        var view = await bench.GetAsync("team", refresh: true);

        Assert.Equal($"Bearer {token}", Assert.Single(bench.Provider.Requests).Header("Authorization"));
        Assert.Equal(("subscription", "anthropic", "available", "probe"), (view.At("kind"), view.At("provider"), view.At("status"), view.At("source")));
        Assert.Equal(("seven_day", "91.5", "8.5", "Weekly limit: 8.5 % left"), (view.At("binding.name"), view.At("limits[0].used_percent"), view.At("binding.remaining_percent"), view.At("label")));
        Assert.Equal(("five_hour", "12"), (view.At("limits[1].name"), view.At("limits[1].used_percent")));
        Assert.Equal(("false", "80"), (view.At("placement.accepts_new_work"), view.At("placement.soft_ceiling_percent")));
        Assert.Contains("91 % used", view.At("placement.reason")!, StringComparison.Ordinal);
        Canaries.AssertAbsentFrom(view.Text, "the reply");
    }

    [Fact] // must show: one upstream call
    public async Task FiftyAtOnce_AskTheProviderOnce()
    {
        await using var bench = await StartAsync();
        await bench.PutSubscriptionAsync("team");
        var gate = new FakeGate();
        bench.Provider.Expect("GET", UsagePath, UsageReply(40).HeldBy(gate));

        var waiting = Enumerable.Range(0, 50).Select(_ => bench.GetAsync("team", refresh: true)).ToList();
        await bench.Provider.WhenReceivedAsync();
        gate.Open();
        var views = await Task.WhenAll(waiting);

        Assert.Single(bench.Provider.Requests);
        Assert.All(views, view => Assert.Equal("40", view.At("limits[0].used_percent")));
    }

    [Fact] // the floor, over two control planes
    public async Task AskedAMomentAgo_IsNotAskedAgain_WhoeverWantsToKnow()
    {
        await using var database = await ControlPlaneHost.CreateDatabaseAsync();
        string[] keys = ["--ENCRYPTION_KEYS", $"test:{Convert.ToBase64String(new byte[32])}"];
        await using var first = await StartAsync(keys, database: database);
        await using var second = await StartAsync(keys, database: database);
        await first.PutSubscriptionAsync("team");
        first.Provider.Expect("GET", UsagePath, UsageReply(40));

        await first.GetAsync("team", refresh: true);
        Assert.Equal("40", (await second.Host.As((await File.ReadAllTextAsync(first.Host.TokenFile)).Trim()).GetAsync("account-usage/team?refresh=true")).Is(200).At("limits[0].used_percent"));
        Assert.Equal("40", (await first.GetAsync("team", refresh: true)).At("limits[0].used_percent"));

        Assert.Equal((1, 0), (first.Provider.Requests.Count, second.Provider.Requests.Count));
        await first.AgeProbesAsync(61);
        first.Provider.Expect("GET", UsagePath, UsageReply(50));
        Assert.Equal("50", (await first.GetAsync("team", refresh: true)).At("limits[0].used_percent"));
    }

    [Fact] // must show: no probe is sent
    public async Task LiveTraffic_IsEnough_AndNobodyIsAsked()
    {
        await using var bench = await StartAsync();
        await bench.PutSubscriptionAsync("team");
        await bench.HearAsync(bench.FingerprintOf("team"), used: 0.3);

        foreach (var view in (ApiReply[])[await bench.GetAsync("team"), await bench.GetAsync("team", refresh: true)])
        {
            Assert.Equal(("available", "live", "30", "false"), (view.At("status"), view.At("source"), view.At("limits[0].used_percent"), view.At("refreshing")));
        }

        Assert.Empty(bench.Provider.Requests);
        Assert.Equal(0, await bench.Host.Database.ScalarAsync<long>("select count(*) from account_probes"));
    }

    [Fact] // G-6
    public async Task Old_IsServedAtOnce_AndAskedForMeanwhile()
    {
        await using var bench = await StartAsync();
        await bench.PutSubscriptionAsync("team");
        await bench.HearAsync(bench.FingerprintOf("team"), used: 0.3, secondsAgo: 20 * 60);
        var gate = new FakeGate();
        bench.Provider.Expect("GET", UsagePath, UsageReply(40).HeldBy(gate));

        var stale = await bench.GetAsync("team");
        await bench.Provider.WhenReceivedAsync();

        Assert.Equal(("30", "live", "true"), (stale.At("limits[0].used_percent"), stale.At("source"), stale.At("refreshing")));
        gate.Open();
        await Eventually.TrueAsync(async () => (await bench.GetAsync("team")).At("limits[0].used_percent") == "40", "the new figures are there");
        Assert.Single(bench.Provider.Requests);
    }

    [Fact] // unknown, not 0 and not 100
    public async Task NothingHeard_IsUnknown()
    {
        await using var bench = await StartAsync();
        await bench.PutSubscriptionAsync("team");
        await bench.Host.Admin.PatchAsync("settings", """{"subscription_headroom_auto_refresh": false}""");

        var view = await bench.GetAsync("team");

        Assert.Equal(("unknown", "unknown", null, null, null), (view.At("status"), view.At("label"), view.At("binding"), view.At("source"), view.At("observed_at")));
        Assert.Empty(bench.Provider.Requests); // turned off
    }

    [Fact] // P-61, Q-7
    public async Task RefreshFails_WhatWasKnownStays_AndTheReasonIsOurOwn()
    {
        await using var bench = await StartAsync();
        var token = await bench.PutSubscriptionAsync("team");
        await bench.HearAsync(bench.FingerprintOf("team"), used: 0.3, secondsAgo: 120);
        bench.Provider.Expect("GET", UsagePath, FakeReply.Json(500, $$"""{"error": "about {{token}}"}"""));

        var view = await bench.GetAsync("team", refresh: true);

        Assert.Equal(("available", "30"), (view.At("status"), view.At("limits[0].used_percent")));
        Assert.NotEmpty(view.At("message")!);
        Canaries.AssertAbsentFrom(view.Text, "the reply");
    }

    [Fact]
    public async Task TokenIsRefused_IsInvalidKey_UntilTrafficProvesOtherwise()
    {
        await using var bench = await StartAsync();
        await bench.PutSubscriptionAsync("team");
        bench.Provider.Expect("GET", UsagePath, FakeReply.Json(401, "{}"));

        Assert.Equal("invalid_key", (await bench.GetAsync("team", refresh: true)).At("status"));

        await bench.HearAsync(bench.FingerprintOf("team"), used: 0.1);
        Assert.Equal("available", (await bench.GetAsync("team")).At("status"));
    }

    [Fact] // must show: never stored under the new credential
    public async Task RolledOverDuringAProbe_TheOldAnswerIsTheOldTokensAlone()
    {
        await using var bench = await StartAsync();
        await bench.PutSubscriptionAsync("team");
        var old = bench.FingerprintOf("team");
        await bench.Host.Admin.PatchAsync("settings", """{"subscription_headroom_auto_refresh": false}""");
        var gate = new FakeGate();
        bench.Provider.Expect("GET", UsagePath, UsageReply(99).HeldBy(gate));
        var probing = bench.GetAsync("team", refresh: true);
        await bench.Provider.WhenReceivedAsync();

        await bench.PutSubscriptionAsync("team");
        gate.Open();
        await probing;

        Assert.Equal([old], await bench.CredentialsAsync());
        var view = await bench.GetAsync("team");
        Assert.Equal(("unknown", null), (view.At("status"), view.At("binding")));
        bench.Provider.Expect("GET", UsagePath, UsageReply(5)); // the floor is the old token's, too
        Assert.Equal("5", (await bench.GetAsync("team", refresh: true)).At("limits[1].used_percent"));
    }

    [Fact]
    public async Task ProviderRefuses_IsLimited_WithTheTimeItServesAgain()
    {
        await using var bench = await StartAsync();
        await bench.PutSubscriptionAsync("team");
        await bench.HearAsync(bench.FingerprintOf("team"), used: 1, status: "rejected");

        var view = await bench.GetAsync("team");

        Assert.Equal(("limited", "5-hour limit: 0 % left", "false"), (view.At("status"), view.At("label"), view.At("placement.accepts_new_work")));
    }

    [Fact]
    public async Task List_ShowsAll_AndCountsThemInTheMetrics()
    {
        await using var bench = await StartAsync();
        await bench.PutSubscriptionAsync("a");
        await bench.PutSubscriptionAsync("b");
        await bench.HearAsync(bench.FingerprintOf("a"), 0.5);
        await bench.HearAsync(bench.FingerprintOf("b"), 0.6);

        var items = (await bench.Host.Admin.GetAsync("account-usage")).Is(200).Items;

        Assert.Equal(["a", "b"], items.Select(item => item!["id"]!.GetValue<string>()));
        Assert.Contains("trinity_control_accounts{kind=\"subscription\",status=\"available\"} 2", (await bench.Host.Anonymous.GetAsync("/metrics")).Text, StringComparison.Ordinal);
        Assert.Equal("a", (await bench.GetAsync((await bench.Host.Admin.GetAsync("subscriptions/a")).At("id")!)).At("id"));
    }

    [Theory]
    [InlineData("account-usage?refresh=yes", "refresh")]
    [InlineData("account-usage?fresh=true", "fresh")]
    [InlineData("account-usage/team/history?hours=0", "hours")]
    public async Task BadQuery_IsNamed(string path, string field)
    {
        await using var bench = await StartAsync();

        Assert.NotEmpty((await bench.Host.Admin.GetAsync(path)).IsProblem(400).ErrorsOf(field));
    }

    [Theory]
    [InlineData("account-usage/nobody")]
    [InlineData("account-usage/provider:nobody")]
    [InlineData("account-usage/nobody/history")]
    public async Task NoSuchAccount_IsNotFound(string path)
    {
        await using var bench = await StartAsync();

        (await bench.Host.Admin.GetAsync(path)).IsProblem(404);
    }

    [Fact]
    public async Task History_HasASeriesForEachToken()
    {
        await using var bench = await StartAsync();
        await bench.PutSubscriptionAsync("team");
        bench.Provider.Expect("GET", UsagePath, UsageReply(40));
        await bench.GetAsync("team", refresh: true);
        await bench.Host.Database.ExecuteAsync("update account_usage_history set at = at - interval '10 minutes'");
        await bench.PutSubscriptionAsync("team");
        bench.Provider.Expect("GET", UsagePath, UsageReply(5));
        await bench.GetAsync("team", refresh: true);

        var history = (await bench.Host.Admin.GetAsync("account-usage/team/history?hours=2")).Is(200);

        Assert.Equal(("team", "1", "2"), (history.At("id"), history.At("step_minutes"), $"{history.Json["series"]!.AsArray().Count}"));
        Assert.Equal(("40", "5"), (history.At("series[0].points[0].used_percent.five_hour"), history.At("series[1].points[0].used_percent.five_hour")));
        Assert.Equal(bench.FingerprintOf("team"), history.At("series[1].credential"));
    }
}
