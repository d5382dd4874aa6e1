using Microsoft.Extensions.Logging;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Limits;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

/// <summary>Tokens that may not read their account's usage, and the message that tells instead.</summary>
public sealed class AnthropicHeadersTests
{
    private const string Usage = "/api/oauth/usage";
    private const string Messages = "/v1/messages";
    private const string Prefix = "anthropic-ratelimit-unified-";

    [Theory]
    [InlineData(200, "allowed_warning")]
    [InlineData(429, "rejected")]
    public async Task Ask_UsageEndpointForbids_AsksForOneTokenOfTextAndReadsTheHeaders(int status, string verdict)
    {
        await using var bench = await ChannelBench.StartAsync();
        var token = Canaries.New("anthropic-oauth");
        bench.Fake.Expect("GET", Usage, Forbidden(token));
        bench.Fake.Expect("POST", Messages, WithLimits(status, verdict))
            .WithHeader("Authorization", $"Bearer {token}").WithHeader("anthropic-beta", "oauth-2025-04-20").WithHeader("anthropic-version", "2023-06-01")
            .WithBody("it asks a small model for one token", body => body.GetProperty("max_tokens").GetInt32() == 1 && body.GetProperty("model").GetString()!.Contains("haiku", StringComparison.Ordinal));

        var reply = await bench.AskAsync(UsageChannels.Anthropic, token);

        Assert.Equal((UsageVerdict.Known, AnthropicChannel.HeadersDetail, true), (reply.Verdict, reply.Detail, reply.Paid));
        Assert.Equal((verdict, PlanWindows.FiveHour), (reply.Limits!.Status, reply.Limits.Claim));
        Assert.Equal(
            [
                new PlanWindow { Name = PlanWindows.FiveHour, Utilization = 1.02, ResetsAt = DateTimeOffset.FromUnixTimeSeconds(1893470400), Status = verdict },
                new PlanWindow { Name = PlanWindows.SevenDay, Utilization = 0.5, Status = "allowed" },
            ],
            reply.Limits.Windows);
        Assert.Equal([$"GET {Usage}", $"POST {Messages}"], bench.Fake.Requests.Select(request => $"{request.Method} {request.Path}"));
    }

    [Fact]
    public async Task Ask_TokenWasForbiddenBefore_GoesStraightToTheHeadersForADay()
    {
        await using var bench = await ChannelBench.StartAsync();
        var token = Canaries.New("anthropic-oauth");
        bench.Fake.Expect("GET", Usage, Forbidden(token)).Times(2);
        bench.Fake.Expect("POST", Messages, WithLimits(200, "allowed")).Times(4);

        for (var i = 0; i < 3; i++)
        {
            Assert.True((await bench.AskAsync(UsageChannels.Anthropic, token)).Paid);
        }

        Assert.Equal([Usage, Messages, Messages, Messages], bench.Fake.Requests.Select(request => request.Path));
        bench.Time.Advance(TimeSpan.FromDays(1));
        Assert.True((await bench.AskAsync(UsageChannels.Anthropic, token)).Paid);
        Assert.Equal([Usage, Messages], bench.Fake.Requests.Skip(4).Select(request => request.Path));
    }

    [Fact]
    public async Task Ask_OneTokenIsForbidden_SaysNothingOfAnother()
    {
        await using var bench = await ChannelBench.StartAsync();
        var (setup, login) = (Canaries.New("anthropic-oauth"), Canaries.New("anthropic-oauth"));
        bench.Fake.Expect("GET", Usage, Forbidden(setup)).WithKey(setup);
        bench.Fake.Expect("POST", Messages, WithLimits(200, "allowed")).WithKey(setup);
        bench.Fake.Expect("GET", Usage, FakeReply.Json(200, ChannelReplies.Anthropic)).WithKey(login);

        Assert.True((await bench.AskAsync(UsageChannels.Anthropic, setup)).Paid);
        Assert.False((await bench.AskAsync(UsageChannels.Anthropic, login)).Paid);
    }

    [Theory]
    [InlineData(401)]
    [InlineData(404)]
    [InlineData(429)]
    [InlineData(500)]
    [InlineData(529)]
    public async Task Ask_UsageEndpointFailsOtherwise_SendsNoMessage(int status)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", Usage, WithLimits(status, "rejected"));

        Assert.False((await bench.AskAsync(UsageChannels.Anthropic, Canaries.New("anthropic-oauth"))).Paid);

        Assert.Single(bench.Fake.Requests);
    }

    [Theory]
    [InlineData(401, "InvalidCredential", "The provider refuses the credential (401).")]
    [InlineData(403, "InvalidCredential", "The provider refuses the credential (403).")]
    [InlineData(400, "Unavailable", "The provider answered 400, which says nothing of the account.")]
    [InlineData(429, "Unavailable", "The provider limits how often it may be asked (429).")]
    [InlineData(529, "Unavailable", "The provider is in trouble (529).")]
    public async Task Ask_MessageIsRefused_IsWhatTheStatusMeans(int status, string verdict, string problem)
    {
        await using var bench = await ChannelBench.StartAsync();
        var token = Canaries.New("anthropic-oauth");
        bench.Fake.Expect("GET", Usage, Forbidden(token));
        bench.Fake.Expect("POST", Messages, FakeReply.Json(status, $$$"""{"error": {"message": "about {{{token}}}"}}"""));

        var reply = await bench.AskAsync(UsageChannels.Anthropic, token);

        Assert.Equal((verdict, problem, true), (reply.Verdict.ToString(), reply.Problem, reply.Paid));
        Assert.Empty(bench.Logs.Of(ControlPlaneEventIds.LimitHeadersMissing));
    }

    [Fact]
    public async Task Ask_MessageIsAnsweredWithoutTheHeaders_IsUnavailableAndWarns()
    {
        await using var bench = await ChannelBench.StartAsync();
        var token = Canaries.New("anthropic-oauth");
        bench.Fake.Expect("GET", Usage, Forbidden(token));
        bench.Fake.Expect("POST", Messages, FakeReply.Json(200, "{}").WithHeader(Prefix + "status", token)); // no plain word: as good as none

        var reply = await bench.AskAsync(UsageChannels.Anthropic, token);

        Assert.Equal((UsageVerdict.Unavailable, true), (reply.Verdict, reply.Paid));
        var log = Assert.Single(bench.Logs.Of(ControlPlaneEventIds.LimitHeadersMissing));
        Assert.Equal(LogLevel.Warning, log.Level);
        Assert.Contains(CredentialFingerprint.Of(token), log.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Ask_BodyOfTheMessagesReplyBreaksOff_StillReadsTheHeaders()
    {
        await using var bench = await ChannelBench.StartAsync();
        var token = Canaries.New("anthropic-oauth");
        bench.Fake.Expect("GET", Usage, Forbidden(token));
        bench.Fake.Expect("POST", Messages, WithLimits(200, "allowed").TruncatedAfter(1));

        Assert.Equal(UsageVerdict.Known, (await bench.AskAsync(UsageChannels.Anthropic, token)).Verdict);
    }

    [Fact]
    public async Task Ask_ConnectionOfTheMessageCloses_SendsNoSecondOne()
    {
        await using var bench = await ChannelBench.StartAsync();
        var token = Canaries.New("anthropic-oauth");
        bench.Fake.Expect("GET", Usage, Forbidden(token));
        bench.Fake.Expect("POST", Messages, FakeReply.CloseBeforeHead());

        var reply = await bench.AskAsync(UsageChannels.Anthropic, token);

        Assert.Equal((UsageVerdict.Unavailable, true), (reply.Verdict, reply.Paid));
    }

    [Fact]
    public async Task Ask_MessageIsNotAnswered_GivesUpAfterItsOwnTime()
    {
        await using var bench = await ChannelBench.StartAsync();
        var token = Canaries.New("anthropic-oauth");
        bench.Fake.Expect("GET", Usage, Forbidden(token));
        bench.Fake.Expect("POST", Messages, FakeReply.Never());

        var asking = bench.AskAsync(UsageChannels.Anthropic, token);
        await bench.Fake.WhenReceivedAsync(2);
        bench.Time.Advance(TimeSpan.FromSeconds(15));

        var reply = await asking;
        Assert.Equal((UsageVerdict.Unavailable, "The provider did not answer within 15 seconds.", true), (reply.Verdict, reply.Problem, reply.Paid));
    }

    private static FakeReply Forbidden(string token) =>
        FakeReply.Json(403, $$$"""{"error": {"type": "permission_error", "message": "{{{token}}} does not meet scope requirement user:profile"}}""");

    private static FakeReply WithLimits(int status, string verdict) => FakeReply.Json(status, "{}")
        .WithHeader(Prefix + "status", verdict)
        .WithHeader(Prefix + "representative-claim", "five_hour")
        .WithHeader(Prefix + "5h-utilization", "1.02")
        .WithHeader(Prefix + "5h-reset", "1893470400")
        .WithHeader(Prefix + "5h-status", verdict)
        .WithHeader(Prefix + "7d-utilization", "0.5")
        .WithHeader(Prefix + "7d-status", "allowed");
}
