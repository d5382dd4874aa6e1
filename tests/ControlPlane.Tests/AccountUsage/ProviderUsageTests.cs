using Trinity.Shared.Limits;
using static Trinity.ControlPlane.Tests.AccountUsage.UsageBench;

namespace Trinity.ControlPlane.Tests.AccountUsage;

/// <summary>Providers' keys: what the bridges' key rings know, what replies said, and what OpenRouter tells.</summary>
public sealed class ProviderUsageTests
{
    [Fact]
    public async Task Pool_CountsWhatTheBridgesKnowOfEachKey()
    {
        await using var bench = await StartAsync();
        await CreateAsync(bench, "openai", "https://api.example.test/v1", keys: 4);
        var keys = await bench.KeysAsync("openai");
        await bench.HearAsync(keys[0], 0.25, window: PlanWindows.Requests);
        await bench.HearAsync(keys[1], 0.75, window: PlanWindows.Requests);
        await bench.CoolAsync(keys[2], "rate_limited", seconds: 300);
        await bench.CoolAsync(keys[3], "unauthorized", seconds: 60);

        var view = await bench.GetAsync("provider:main");

        Assert.Equal(("provider", "openai", "available", "2 of 4 keys available"), (view.At("kind"), view.At("provider"), view.At("status"), view.At("label")));
        Assert.Equal(("4", "4", "2", "1", "1"), (
            view.At("pool.total_credentials"), view.At("pool.queried_credentials"), view.At("pool.available_credentials"), view.At("pool.exhausted_credentials"), view.At("pool.failed_credentials")));
        Assert.Equal(("requests", "75"), (view.At("pool.best_remaining[0].name"), view.At("pool.best_remaining[0].remaining_percent")));
        Assert.Equal(["available", "available", "exhausted", "failed"], view.Json["pool"]!["credentials"]!.AsArray().Select(key => key!["status"]!.GetValue<string>()));
        Assert.Equal(view.At("pool.credentials[2].retry_at"), view.At("pool.next_reset_at"));
        Canaries.AssertAbsentFrom(view.Text, "the reply");
    }

    [Fact]
    public async Task AllKeysRest_IsLimited_UntilTheFirstIsTriedAgain()
    {
        await using var bench = await StartAsync();
        await CreateAsync(bench, "anthropic", "https://api.example.test", keys: 2);
        foreach (var key in await bench.KeysAsync("anthropic"))
        {
            await bench.CoolAsync(key, "rate_limited", seconds: 300);
        }

        var view = await bench.GetAsync("provider:main");

        Assert.Equal("limited", view.At("status"));
        Assert.NotNull(view.At("serves_again_at"));
    }

    [Fact] // a lost bridge, and a cool-down that is over, say nothing
    public async Task OldReports_DoNotCount()
    {
        await using var bench = await StartAsync();
        await CreateAsync(bench, "anthropic", "https://api.example.test", keys: 1);
        var key = Assert.Single(await bench.KeysAsync("anthropic"));
        await bench.CoolAsync(key, "rate_limited", seconds: 300, live: false);
        await bench.CoolAsync(key, "rate_limited", seconds: -1);
        await bench.CoolAsync("key:not-an-id", "rate_limited", seconds: 300);

        Assert.Equal("unknown", (await bench.GetAsync("provider:main")).At("status"));
    }

    [Theory]
    [InlineData("anthropic", "no_key")]
    [InlineData("openai-compatible", "unsupported")]
    public async Task NoKey_IsSaid(string type, string status)
    {
        await using var bench = await StartAsync();
        await CreateAsync(bench, type, "https://api.example.test/v1", keys: 0);

        Assert.Equal(status, (await bench.GetAsync("provider:main")).At("status"));
        Assert.Empty(bench.Provider.Requests);
    }

    [Fact]
    public async Task KeyThatCannotBeDecrypted_IsDead()
    {
        await using var bench = await StartAsync();
        await CreateAsync(bench, "openrouter", bench.Provider.BaseUrl, keys: 1);
        await bench.Host.Database.ExecuteAsync("update ai_provider_keys set cipher_key_id = 'gone'");

        var view = await bench.GetAsync("provider:main");

        Assert.Equal(("invalid_key", "dead"), (view.At("status"), view.At("pool.credentials[0].status")));
    }

    [Fact] // Q-2, U-4
    public async Task OpenRouter_TellsOfEachKeysCredit()
    {
        await using var bench = await StartAsync();
        await CreateAsync(bench, "openrouter", bench.Provider.BaseUrl, keys: 2);
        bench.Provider.Respond(request => FakeReply.Json(200, request.Key!.EndsWith('0')
            ? """{"data": {"limit": 20, "usage": 15, "limit_remaining": 5, "label": "secret label"}}"""
            : """{"data": {"limit": null, "usage": 3, "limit_remaining": null}}"""));

        var view = await bench.GetAsync("provider:main", refresh: true);

        Assert.Equal(["GET /key", "GET /key"], bench.Provider.Requests.Select(request => $"{request.Method} {request.Path}"));
        Assert.Equal(("available", "20", "15", "5"), (view.At("status"), view.At("quota.limit"), view.At("quota.used"), view.At("quota.remaining")));
        Assert.Equal(("75", "3"), (view.At("limits[0].used_percent"), view.At("pool.credentials[1].quota.used")));
        Assert.DoesNotContain("secret label", view.Text, StringComparison.Ordinal);
    }

    [Fact] // the rates of minutes that replies tell say nothing of the credit
    public async Task OpenRouter_KeyWithTraffic_IsAskedAboutItsCreditAllTheSame()
    {
        await using var bench = await StartAsync();
        await CreateAsync(bench, "openrouter", bench.Provider.BaseUrl, keys: 1);
        await bench.HearAsync(Assert.Single(await bench.KeysAsync("openrouter")), 0.5, window: PlanWindows.Requests, status: null);
        bench.Provider.Expect("GET", "/key", FakeReply.Json(200, """{"data": {"limit": 20, "usage": 15, "limit_remaining": 5}}"""));

        var view = await bench.GetAsync("provider:main", refresh: true);

        Assert.Equal(("credit", "75", "5"), (view.At("binding.name"), view.At("binding.used_percent"), view.At("quota.remaining")));
        Assert.Contains(view.Json["limits"]!.AsArray(), limit => limit!["name"]!.GetValue<string>() == "requests");
    }

    [Fact]
    public async Task KeyThatRests_IsNotAsked()
    {
        await using var bench = await StartAsync();
        await CreateAsync(bench, "openrouter", bench.Provider.BaseUrl, keys: 1);
        await bench.CoolAsync(Assert.Single(await bench.KeysAsync("openrouter")), "rate_limited", seconds: 300);

        Assert.Equal("limited", (await bench.GetAsync("provider:main", refresh: true)).At("status"));

        Assert.Empty(bench.Provider.Requests);
    }

    [Fact]
    public async Task ProviderTurnedOff_IsUnavailable_AndNotAsked()
    {
        await using var bench = await StartAsync();
        await CreateAsync(bench, "openrouter", bench.Provider.BaseUrl, keys: 1);
        (await bench.Host.Admin.PatchAsync("providers/main", """{"enabled": false}""")).Is(200);

        Assert.Equal("unavailable", (await bench.GetAsync("provider:main", refresh: true)).At("status"));

        Assert.Empty(bench.Provider.Requests);
    }

    private static async Task CreateAsync(UsageBench bench, string type, string baseUrl, int keys)
    {
        var secrets = string.Join(", ", Enumerable.Range(0, keys).Select(i => $"\"{Canaries.New("provider-key")}{i}\""));
        (await bench.Host.Admin.PostAsync("providers", $$"""{"name": "main", "type": "{{type}}", "base_url": "{{baseUrl}}", "api_keys": [{{secrets}}]}""")).Is(201);
    }
}
