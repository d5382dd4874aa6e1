using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

public sealed class CodexChannelTests
{
    private const string Path = "/backend-api/wham/usage";

    [Fact]
    public async Task Ask_PlanHasRoom_TellsPlanWindowsAndCredits()
    {
        await using var bench = await ChannelBench.StartAsync();
        var (token, account) = (Canaries.New("codex-access"), Canaries.New("account"));
        bench.Fake.Expect("GET", Path, FakeReply.Json(200, ChannelReplies.Codex))
            .WithHeader("Authorization", $"Bearer {token}").WithHeader("ChatGPT-Account-ID", account).WithHeader("originator", "codex_cli_rs");

        var reply = await bench.AskAsync(UsageChannels.Codex, ChannelBench.Credential(token, account));

        Assert.Equal((UsageVerdict.Known, CodexChannel.Detail, false), (reply.Verdict, reply.Detail, reply.Paid));
        var limits = reply.Limits!;
        Assert.Equal(("plus", "allowed", null, null), (limits.Plan, limits.Status, limits.Claim, limits.ResetsAt));
        Assert.Equal(
            [
                new PlanWindow { Name = PlanWindows.Primary, Utilization = 0.17, ResetsAt = DateTimeOffset.FromUnixTimeSeconds(1893470400), Minutes = 300 },
                new PlanWindow { Name = PlanWindows.Secondary, Utilization = 0.625, ResetsAt = DateTimeOffset.FromUnixTimeSeconds(1893888000), Minutes = 10080 },
            ],
            limits.Windows);
        Assert.Equal(new PlanCredit { Unit = PlanCredit.Credits, Remaining = 9.99 }, limits.Credit);
    }

    [Theory]
    [InlineData("true", "false", "allowed")]
    [InlineData("true", "null", "allowed")]
    [InlineData("null", "false", "allowed")]
    [InlineData("false", "false", "rejected")]
    [InlineData("false", "null", "rejected")]
    [InlineData("true", "true", "rejected")]
    [InlineData("null", "true", "rejected")]
    [InlineData("\"true\"", "0", null)]
    public async Task Ask_Verdict_IsTheStatus(string allowed, string reached, string? status)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", Path, FakeReply.Json(200, $$$"""{"plan_type": "plus", "rate_limit": {"allowed": {{{allowed}}}, "limit_reached": {{{reached}}}}}"""));

        Assert.Equal(status, (await bench.AskAsync(UsageChannels.Codex, Canaries.New("codex-access"))).Limits!.Status);
    }

    [Theory]
    [InlineData(100, 99, PlanWindows.Primary, 1893470400L)]
    [InlineData(99, 100, PlanWindows.Secondary, 1893888000L)]
    [InlineData(105, 130, PlanWindows.Secondary, 1893888000L)]
    [InlineData(5, 5, null, null)]
    public async Task Ask_PlanIsExhausted_TellsWhichWindowHoldsLongest(int primary, int secondary, string? claim, long? reset)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", Path, FakeReply.Json(200, $$$"""
            {"rate_limit": {"allowed": false, "primary_window": {"used_percent": {{{primary}}}, "reset_at": 1893470400}, "secondary_window": {"used_percent": {{{secondary}}}, "reset_at": 1893888000} } }
            """));

        var limits = (await bench.AskAsync(UsageChannels.Codex, Canaries.New("codex-access"))).Limits!;

        Assert.Equal((claim, reset), (limits.Claim, limits.ResetsAt?.ToUnixTimeSeconds()));
        Assert.Equal(secondary / 100.0, limits.Window(PlanWindows.Secondary)!.Utilization); // more than all stays more than all
    }

    [Theory]
    [InlineData("""{"has_credits": true, "unlimited": false, "balance": "12.5"}""", 12.5)]
    [InlineData("""{"has_credits": true, "unlimited": false, "balance": 3}""", 3.0)]
    [InlineData("""{"balance": "0"}""", 0.0)]
    [InlineData("""{"has_credits": false, "unlimited": false, "balance": "0"}""", null)]
    [InlineData("""{"has_credits": true, "unlimited": true, "balance": "5"}""", null)]
    [InlineData("""{"has_credits": true, "unlimited": false, "balance": "-5"}""", null)]
    [InlineData("""{"has_credits": true, "unlimited": false, "balance": "Infinity"}""", null)]
    [InlineData("""{"has_credits": true, "unlimited": false, "balance": null}""", null)]
    public async Task Ask_Credits_AreWhatIsLeft(string credits, double? remaining)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", Path, FakeReply.Json(200, $$$"""{"plan_type": "plus", "credits": {{{credits}}}}"""));

        Assert.Equal(remaining, (await bench.AskAsync(UsageChannels.Codex, Canaries.New("codex-access"))).Limits!.Credit?.Remaining);
    }

    [Fact]
    public async Task Ask_NoAccountGiven_TakesTheTokensOwn()
    {
        await using var bench = await ChannelBench.StartAsync();
        var account = Canaries.New("account");
        var token = JwtText.Of($"\"{account}\"", 1893888000);
        bench.Fake.Expect("GET", Path, FakeReply.Json(200, ChannelReplies.Codex)).WithHeader("ChatGPT-Account-ID", account).WithKey(token);

        Assert.Equal(UsageVerdict.Known, (await bench.AskAsync(UsageChannels.Codex, token)).Verdict);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("no JSON")]
    [InlineData("""{"https://api.openai.com/auth": "x"}""")]
    [InlineData("""{"https://api.openai.com/auth": {"chatgpt_account_id": 7}}""")]
    [InlineData("""{"https://api.openai.com/auth": {"chatgpt_account_id": ""}}""")]
    [InlineData("""{"https://api.openai.com/auth": {"chatgpt_account_id": "a\r\nHost: b"}}""")]
    [InlineData("""{"https://api.openai.com/auth": {"chatgpt_account_id": "\ud800"}}""")]
    public async Task Ask_NoAccountAnywhere_AsksWithout(string claims)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", Path, FakeReply.Json(200, ChannelReplies.Codex)).WithoutHeader("ChatGPT-Account-ID");

        Assert.Equal(UsageVerdict.Known, (await bench.AskAsync(UsageChannels.Codex, JwtText.Of(claims))).Verdict);
    }

    [Theory]
    [InlineData("one")]
    [InlineData("one.two")]
    [InlineData("a.!!!.c")]
    [InlineData("a..c")]
    [InlineData("a.b.c.d")]
    public void Read_TokenIsNoJwt_SaysNothing(string token) => Assert.Equal(new CodexToken(null, null, null), CodexToken.Read(token));

    [Theory]
    [InlineData("/backend-api/", "/backend-api/wham/usage")]
    [InlineData("", "/api/codex/usage")]
    [InlineData("/", "/api/codex/usage")]
    [InlineData("/proxy", "/proxy/api/codex/usage")]
    public async Task Ask_Address_FollowsFromTheBase(string root, string path)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", path, FakeReply.Json(200, ChannelReplies.Codex));

        Assert.Equal(UsageVerdict.Known, (await bench.AskAsync(UsageChannels.Codex, ChannelBench.Credential(Canaries.New("codex-access"), baseUrl: bench.Fake.BaseUrl + root))).Verdict);
    }
}
