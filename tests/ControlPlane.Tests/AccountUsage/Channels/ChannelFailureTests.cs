using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

/// <summary>What every channel makes of providers and networks that do not do as they should.</summary>
public sealed class ChannelFailureTests
{
    public static TheoryData<string> Channels => [UsageChannels.Anthropic, UsageChannels.Codex, UsageChannels.OpenRouter];

    public static TheoryData<string, int, string, string> Statuses()
    {
        var data = new TheoryData<string, int, string, string>();
        foreach (var channel in Channels.Select(row => row.Data))
        {
            data.Add(channel, 401, "InvalidCredential", "The provider refuses the credential (401).");
            data.Add(channel, 429, "Unavailable", "The provider limits how often it may be asked (429).");
            data.Add(channel, 500, "Unavailable", "The provider is in trouble (500).");
            data.Add(channel, 503, "Unavailable", "The provider is in trouble (503).");
            data.Add(channel, 201, "Unavailable", "The provider answered 201, which says nothing of the account.");
            data.Add(channel, 404, "Unavailable", "The provider answered 404, which says nothing of the account.");
        }

        data.Add(UsageChannels.Codex, 403, "Unavailable", "The provider answered 403, which says nothing of the account.");
        return data;
    }

    [Theory]
    [MemberData(nameof(Statuses))]
    public async Task Ask_Refused_IsWhatTheStatusMeansInWordsOfOurs(string channel, int status, string verdict, string problem)
    {
        await using var bench = await ChannelBench.StartAsync();
        var (token, account) = (NewToken(channel), Canaries.New("account"));
        bench.Fake.Expect("GET", ChannelReplies.PathOf(channel), FakeReply.Json(status, $$"""{"error": "{{token}} of {{account}}"}""").WithHeader("x-request", token));

        var reply = await bench.AskAsync(channel, ChannelBench.Credential(token, account));

        Assert.Equal((verdict, problem, false), (reply.Verdict.ToString(), reply.Problem, reply.Paid));
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task Ask_Redirected_DoesNotFollowWithTheCredential(string channel)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", ChannelReplies.PathOf(channel), FakeReply.Redirect($"{bench.Fake.BaseUrl}/elsewhere"));

        var reply = await bench.AskAsync(channel, NewToken(channel));

        Assert.Equal((UsageVerdict.Unavailable, "The provider answered 307, which says nothing of the account."), (reply.Verdict, reply.Problem));
        Assert.Single(bench.Fake.Requests);
    }

    [Theory]
    [InlineData(UsageChannels.Anthropic, 15)]
    [InlineData(UsageChannels.Codex, 15)]
    [InlineData(UsageChannels.OpenRouter, 3)]
    public async Task Ask_NoAnswer_GivesUpInTime(string channel, int seconds)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", ChannelReplies.PathOf(channel), FakeReply.Never());

        var asking = bench.AskAsync(channel, NewToken(channel));
        await bench.Fake.WhenReceivedAsync();
        bench.Time.Advance(TimeSpan.FromSeconds(seconds) - TimeSpan.FromTicks(1));
        Assert.False(asking.IsCompleted);
        bench.Time.Advance(TimeSpan.FromTicks(1));

        var reply = await asking;
        Assert.Equal((UsageVerdict.Unavailable, $"The provider did not answer within {seconds} seconds."), (reply.Verdict, reply.Problem));
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task Ask_BodyHangs_GivesUpInTime(string channel)
    {
        await using var bench = await ChannelBench.StartAsync();
        var gate = new FakeGate();
        bench.Fake.Expect("GET", ChannelReplies.PathOf(channel), FakeReply.Json(200, ChannelReplies.GoodOf(channel)).SplitEvery(20).GatedBy(gate));

        var asking = bench.AskAsync(channel, NewToken(channel));
        await gate.WhenBlockedAsync();
        gate.Release();
        await gate.WhenWrittenAsync(1);
        bench.Time.Advance(TimeSpan.FromSeconds(15));

        Assert.Equal(UsageVerdict.Unavailable, (await asking).Verdict);
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task Ask_CallerGivesUp_IsTheCallersException(string channel)
    {
        await using var bench = await ChannelBench.StartAsync();
        bench.Fake.Expect("GET", ChannelReplies.PathOf(channel), FakeReply.Never());
        using var caller = new CancellationTokenSource();

        var asking = bench.Channels.Find(channel)!.AskAsync(ChannelBench.Credential(NewToken(channel)), caller.Token);
        await bench.Fake.WhenReceivedAsync();
        await caller.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => asking);
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task Ask_ConnectionBreaks_IsUnavailable(string channel)
    {
        await using var bench = await ChannelBench.StartAsync();
        FakeReply[] replies =
        [
            FakeReply.ResetBeforeHead(),
            FakeReply.CloseBeforeHead(),
            FakeReply.Json(200, ChannelReplies.GoodOf(channel)).ResetAfter(10),
            FakeReply.Json(200, ChannelReplies.GoodOf(channel)).TruncatedAfter(10),
            FakeReply.Json(200, ChannelReplies.GoodOf(channel)).TruncatedAfter(), // whole, but nobody can know
        ];
        foreach (var reply in replies)
        {
            bench.Fake.Respond(_ => reply); // however often: a connection that closes without a word may be tried again

            Assert.Equal(UsageVerdict.Unavailable, (await bench.AskAsync(channel, NewToken(channel))).Verdict);
        }
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task Ask_NobodyListens_NamesTheAddress(string channel)
    {
        await using var bench = await ChannelBench.StartAsync($"http://127.0.0.1:{FreePort.Next()}");

        var reply = await bench.AskAsync(channel, NewToken(channel));

        Assert.Equal(UsageVerdict.Unavailable, reply.Verdict);
        Assert.Contains("127.0.0.1", reply.Problem, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Channels))]
    public async Task Ask_AddressIsNotAllowed_DoesNotConnect(string channel)
    {
        await using var bench = await ChannelBench.StartAsync(allowsLoopback: false);

        var reply = await bench.AskAsync(channel, NewToken(channel));

        Assert.Equal(UsageVerdict.Unavailable, reply.Verdict);
        Assert.Contains("AllowPrivateUpstreams", reply.Problem, StringComparison.Ordinal);
        Assert.Equal(0, bench.Fake.AcceptedConnections);
    }

    [Theory]
    [InlineData("ftp://127.0.0.1")]
    [InlineData("nonsense")]
    [InlineData("http://")]
    public async Task Ask_ProviderIsNoAddress_SaysSo(string provider)
    {
        await using var bench = await ChannelBench.StartAsync();

        foreach (var channel in bench.Channels.Names)
        {
            var reply = await bench.AskAsync(channel, ChannelBench.Credential(NewToken(channel), baseUrl: provider));

            Assert.Equal((UsageVerdict.Unavailable, ChannelCall.NoAddress), (reply.Verdict, reply.Problem));
        }
    }

    [Theory]
    [InlineData("two words")]
    [InlineData("line\nbreak")]
    [InlineData("schlüssel")]
    public async Task Ask_TokenIsNone_AsksNobody(string token)
    {
        await using var bench = await ChannelBench.StartAsync();

        foreach (var channel in bench.Channels.Names)
        {
            Assert.Equal(UsageVerdict.Unavailable, (await bench.AskAsync(channel, token)).Verdict);
        }

        Assert.Equal(0, bench.Fake.AcceptedConnections);
    }

    [Fact]
    public async Task Find_OtherName_IsNone()
    {
        await using var bench = await ChannelBench.StartAsync();

        Assert.Null(bench.Channels.Find("gemini"));
        Assert.Equal([UsageChannels.Anthropic, UsageChannels.Codex, UsageChannels.OpenRouter], bench.Channels.Names);
    }

    private static string NewToken(string channel) => Canaries.New(ChannelReplies.TokenKindOf(channel));
}
