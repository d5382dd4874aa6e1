using Microsoft.Extensions.DependencyInjection;
using Trinity.ControlPlane.AccountUsage.History;
using Trinity.ControlPlane.AccountUsage.Limits;
using Trinity.Shared.Limits;
using static Trinity.ControlPlane.Tests.AccountUsage.UsageBench;

namespace Trinity.ControlPlane.Tests.AccountUsage;

public sealed class UsageHistoryTests
{
    private static readonly DateTimeOffset Start = new(2030, 1, 1, 12, 0, 30, TimeSpan.Zero);

    [Fact] // at most one a minute, and none that says the same, for a quarter of an hour
    public async Task Entry_IsWrittenWhenThereIsNews()
    {
        await using var bench = await StartAsync();
        var history = bench.Host.Services.GetRequiredService<HistoryStore>();
        Task AddAsync(double minutes, double used, string credential = "c") => history.AddAsync("home:a:codex", credential, Limits(used), Start.AddMinutes(minutes), Timeouts.Token);

        await AddAsync(0, 0.1);
        await AddAsync(0.2, 0.2); // the same minute
        await AddAsync(1, 0.2);
        await AddAsync(2, 0.2); // the same figure
        await AddAsync(3, 0.2, "its successor");
        await AddAsync(20, 0.2, "its successor"); // the same, but it is time for a sign of life

        var entries = (await history.ListAsync(["home:a:codex"], Start.AddHours(-1), TimeSpan.FromMinutes(1), Timeouts.Token))["home:a:codex"].ToList();
        Assert.Equal([(0, 0.1), (1, 0.2), (3, 0.2), (20, 0.2)], entries.Select(entry => ((int)(entry.At - Start.AddSeconds(-30)).TotalMinutes, entry.Limits.Windows[0].Utilization!.Value)));
    }

    [Fact]
    public async Task Keeper_TakesOverWhatBridgesHeard_OfOursAlone_AndAgainChangesNothing()
    {
        await using var bench = await StartAsync();
        await bench.PutSubscriptionAsync("team");
        (await bench.Host.Admin.PostAsync("providers", $$"""{"name": "main", "type": "openai", "base_url": "https://api.example.test", "api_keys": ["{{Canaries.New("provider-key")}}"]}""")).Is(201);
        var key = Assert.Single(await bench.KeysAsync("openai"));
        await bench.HearAsync(bench.FingerprintOf("team"), 0.4);
        await bench.HearAsync(key, 0.5, window: PlanWindows.Requests);
        await bench.HearAsync("0123456789abcdef", 0.6); // somebody's own
        var keeper = bench.Host.Services.GetRequiredService<HistoryKeeper>();

        await Task.WhenAll(keeper.KeepOnceAsync(Timeouts.Token), keeper.KeepOnceAsync(Timeouts.Token));
        await keeper.KeepOnceAsync(Timeouts.Token);

        var id = await bench.Host.Database.ScalarAsync<Guid>("select id from subscriptions");
        Assert.Equal([key, $"subscription:{id}"], (await bench.Host.Database.ScalarAsync<string[]>("select array_agg(account order by account) from account_usage_history"))!);
        Assert.Equal("50", (await bench.Host.Admin.GetAsync("account-usage/provider:main/history")).Is(200).At("series[0].points[0].used_percent.requests"));
    }

    [Fact]
    public async Task Keeper_ForgetsWhatIsOld()
    {
        await using var bench = await StartAsync();
        await bench.PutSubscriptionAsync("team");
        await bench.HearAsync(bench.FingerprintOf("team"), 0.4, secondsAgo: 31 * 24 * 3600);
        await bench.HearAsync("0123456789abcdef", 0.6, LimitsSource.Probe);

        await bench.Host.Services.GetRequiredService<HistoryKeeper>().KeepOnceAsync(Timeouts.Token);

        Assert.Equal(["0123456789abcdef"], await bench.CredentialsAsync());
        Assert.Equal(0, await bench.Host.Database.ScalarAsync<long>("select count(*) from account_usage_history"));
    }

    [Fact]
    public async Task List_IsThinnedToItsSteps_AndEachShowsTheLast()
    {
        await using var bench = await StartAsync();
        var history = bench.Host.Services.GetRequiredService<HistoryStore>();
        for (var i = 0; i < 20; i++)
        {
            await history.AddAsync("key:1", "c", Limits(i / 100.0), Start.AddMinutes(i), Timeouts.Token);
        }

        var entries = (await history.ListAsync(["key:1"], Start.AddHours(-1), TimeSpan.FromMinutes(10), Timeouts.Token))["key:1"].ToList();

        Assert.Equal([0.09, 0.19], entries.Select(entry => entry.Limits.Windows[0].Utilization!.Value));
    }

    private static PlanLimits Limits(double used) => new() { Windows = [new() { Name = PlanWindows.FiveHour, Utilization = used }] };
}
