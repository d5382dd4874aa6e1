using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

public sealed class AnthropicChannelTests
{
    private const string Path = "/api/oauth/usage";

    [Fact]
    public async Task Ask_UsageEndpointAnswers_TellsItsWindowsAndMoney()
    {
        await using var bench = await ChannelBench.StartAsync();
        var token = Canaries.New("anthropic-oauth");
        bench.Fake.Expect("GET", Path, FakeReply.Json(200, ChannelReplies.Anthropic))
            .WithHeader("Authorization", $"Bearer {token}").WithHeader("anthropic-beta", "oauth-2025-04-20").WithoutHeader("x-api-key");

        var reply = await bench.AskAsync(UsageChannels.Anthropic, token);

        Assert.Equal((UsageVerdict.Known, AnthropicChannel.UsageDetail, false), (reply.Verdict, reply.Detail, reply.Paid));
        Assert.Equal(
            [
                new PlanWindow { Name = PlanWindows.FiveHour, Utilization = 0.245, ResetsAt = new DateTimeOffset(2030, 1, 1, 4, 59, 59, 943, 648, TimeSpan.Zero) },
                new PlanWindow { Name = PlanWindows.SevenDay, Utilization = 1.12, ResetsAt = new DateTimeOffset(2030, 1, 5, 0, 0, 0, TimeSpan.Zero) },
                new PlanWindow { Name = PlanWindows.SevenDayOpus, Utilization = 0 },
                new PlanWindow { Name = PlanWindows.SevenDaySonnet, Utilization = 0.01, ResetsAt = new DateTimeOffset(2030, 1, 6, 0, 0, 0, TimeSpan.Zero) },
            ],
            reply.Limits!.Windows);
        Assert.Equal(new PlanCredit { Limit = 50, Used = 12.345 }, reply.Limits.Credit);
        Assert.Equal((null, null, null), (reply.Limits.Plan, reply.Limits.Status, reply.Limits.Claim));
    }

    [Theory]
    [InlineData("""{"is_enabled": false, "monthly_limit": 5000, "used_credits": 10}""", null, null)]
    [InlineData("""{"monthly_limit": 5000, "used_credits": 10}""", null, null)]
    [InlineData("""{"is_enabled": true, "monthly_limit": 5000, "used_credits": 10, "currency": "EUR"}""", null, null)]
    [InlineData("""{"is_enabled": true, "monthly_limit": null, "used_credits": null}""", null, null)]
    [InlineData("""{"is_enabled": true, "monthly_limit": null, "used_credits": 10}""", null, 0.1)]
    [InlineData("""{"is_enabled": true, "monthly_limit": 5000, "used_credits": -1}""", 50.0, null)]
    [InlineData("""{"is_enabled": true, "monthly_limit": 100, "used_credits": 250, "currency": null}""", 1.0, 2.5)]
    public async Task Ask_ExtraUsage_IsMoneyOnlyWhereItIsSwitchedOnInDollars(string extra, double? limit, double? used)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", Path, FakeReply.Json(200, $$$"""{"five_hour": {"utilization": 1}, "extra_usage": {{{extra}}}}"""));

        var reply = await bench.AskAsync(UsageChannels.Anthropic, Canaries.New("anthropic-oauth"));

        Assert.Equal((limit, used), (reply.Limits!.Credit?.Limit, reply.Limits.Credit?.Used));
        Assert.Equal((limit ?? used) is null, reply.Limits.Credit is null);
    }

    [Theory]
    [InlineData("""{"five_hour": null, "seven_day": {}, "seven_day_opus": {"utilization": null, "resets_at": null}}""")]
    [InlineData("{}")]
    [InlineData("[]")]
    public async Task Ask_NothingIsTold_IsUnavailableRatherThanEmpty(string json)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", Path, FakeReply.Json(200, json));

        var reply = await bench.AskAsync(UsageChannels.Anthropic, Canaries.New("anthropic-oauth"));

        Assert.Equal((UsageVerdict.Unavailable, "The provider's reply names no limits."), (reply.Verdict, reply.Problem));
    }

    [Fact]
    public async Task Ask_ApiKey_IsUnsupportedWithoutACall()
    {
        await using var bench = await ChannelBench.StartAsync();

        var reply = await bench.AskAsync(UsageChannels.Anthropic, Canaries.New("anthropic-key"));

        Assert.Equal((UsageVerdict.Unsupported, false), (reply.Verdict, reply.Paid));
        Assert.Equal(0, bench.Fake.AcceptedConnections);
    }

    [Fact]
    public async Task Ask_ProviderOfTheCredentialsOwn_IsTheOneThatIsAsked()
    {
        await using var bench = await ChannelBench.StartAsync(provider: "http://127.0.0.1:9");
        bench.Fake.Expect("GET", "/claude" + Path, FakeReply.Json(200, ChannelReplies.Anthropic));

        var reply = await bench.AskAsync(UsageChannels.Anthropic, ChannelBench.Credential(Canaries.New("anthropic-oauth"), baseUrl: $"{bench.Fake.BaseUrl}/claude/"));

        Assert.Equal(UsageVerdict.Known, reply.Verdict);
    }
}
