using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

public sealed class OpenRouterChannelTests
{
    private const string Path = "/api/v1/key";

    [Fact]
    public async Task Ask_KeyWithALimit_TellsItsMoneyAndNothingElse()
    {
        await using var bench = await ChannelBench.StartAsync();
        var key = Canaries.New("openrouter-key");
        bench.Fake.Expect("GET", Path, FakeReply.Json(200, ChannelReplies.OpenRouter)).WithHeader("Authorization", $"Bearer {key}");

        var reply = await bench.AskAsync(UsageChannels.OpenRouter, key);

        Assert.Equal((UsageVerdict.Known, OpenRouterChannel.Detail, false), (reply.Verdict, reply.Detail, reply.Paid));
        Assert.Equal("""{"windows":[{"name":"credit","utilization":0.25}],"credit":{"unit":"usd","limit":100,"used":40.5,"remaining":75}}""", reply.Limits!.ToJson());
    }

    [Theory]
    [InlineData("""{"limit": null, "usage": 3, "limit_remaining": null}""", null, 3.0, null, null)]
    [InlineData("""{"limit": 10, "usage": 5, "limit_remaining": null}""", 10.0, 5.0, null, 0.5)]
    [InlineData("""{"limit": 10, "usage": 15, "limit_remaining": -5}""", 10.0, 15.0, null, 1.5)]
    [InlineData("""{"limit": 10, "usage": 90, "limit_remaining": 10}""", 10.0, 90.0, 10.0, 0.0)]
    [InlineData("""{"limit": 10, "usage": 2, "limit_remaining": 20}""", 10.0, 2.0, 20.0, 0.2)]
    [InlineData("""{"limit": 0, "usage": 0, "limit_remaining": 0}""", 0.0, 0.0, 0.0, 1.0)]
    [InlineData("""{"limit": 10}""", 10.0, null, null, null)]
    [InlineData("""{"limit": "10", "usage": true, "limit_remaining": 1e999, "x": 1}""", null, null, null, null)]
    public async Task Ask_Numbers_AreTakenAsTheyAre(string data, double? limit, double? used, double? remaining, double? utilization)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", Path, FakeReply.Json(200, $$$"""{"data": {{{data}}}}"""));

        var reply = await bench.AskAsync(UsageChannels.OpenRouter, Canaries.New("openrouter-key"));

        var credit = reply.Limits?.Credit;
        Assert.Equal((limit, used, remaining), (credit?.Limit, credit?.Used, credit?.Remaining));
        Assert.Equal(limit is not null, reply.Limits?.Window(PlanWindows.Credit) is not null);
        Assert.Equal(utilization, reply.Limits?.Window(PlanWindows.Credit)?.Utilization);
        Assert.Equal(credit is not null, reply.Verdict == UsageVerdict.Known);
    }

    [Fact]
    public async Task Ask_Forbidden_IsAnInvalidKey()
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", Path, FakeReply.Json(403, "{}"));

        Assert.Equal(UsageVerdict.InvalidCredential, (await bench.AskAsync(UsageChannels.OpenRouter, Canaries.New("openrouter-key"))).Verdict);
    }

    [Fact]
    public async Task Ask_ProviderOfTheKeysOwn_IsTheOneThatIsAsked()
    {
        await using var bench = await ChannelBench.StartAsync(provider: "http://127.0.0.1:9");
        bench.Fake.Expect("GET", "/v2/key", FakeReply.Json(200, ChannelReplies.OpenRouter));

        Assert.Equal(UsageVerdict.Known, (await bench.AskAsync(UsageChannels.OpenRouter, ChannelBench.Credential(Canaries.New("openrouter-key"), baseUrl: $"{bench.Fake.BaseUrl}/v2"))).Verdict);
    }
}
