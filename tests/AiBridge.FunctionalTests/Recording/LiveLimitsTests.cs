using System.Net;
using System.Text.Json;
using Trinity.AiBridge.FunctionalTests.Bridges;
using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.FunctionalTests.Recording;

/// <summary>What replies say of limits is known beside the credential of that very request, and the client sees nothing of it.</summary>
public sealed class LiveLimitsTests : IAsyncLifetime
{
    private const string FirstKey = "sk-first-key-0123456789";
    private const string SecondKey = "sk-second-key-0123456789";

    private readonly string _token = Canaries.New("anthropic-oauth");

    private TestBench Bench { get; set; } = null!;

    private HostMetrics Metrics { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Bench = await TestBench.StartAsync(["anthropic", "openai"]);
        Metrics = new HostMetrics(Bench.Bridge);
    }

    public async ValueTask DisposeAsync()
    {
        Canaries.AssertAbsentFrom(Bench.Bridge.Logs.Text, "the log");
        Canaries.AssertAbsentFrom(string.Join('\n', Metrics.Sums.Keys), "the metrics");
        foreach (var table in (string[])["account_limits", "bridge_replicas", "credential_refusals"])
        {
            Canaries.AssertAbsentFrom(await Bench.Database.ScalarAsync<string>($"select coalesce(string_agg(r::text, E'\\n'), '') from {table} r") ?? "", table);
        }

        Metrics.Dispose();
        await Bench.DisposeAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task OwnCredential_HeadersOfAPlan_AreKnown_AndReachTheClientUntouched(bool stream)
    {
        var answer = stream ? Models.Streaming(Models.Messages) : Models.Blocking(Models.Messages);
        Bench.Expect(Models.Messages).Reply(Plan(answer, .25).WithHeader("anthropic-ratelimit-unified-representative-claim", "five_hour").WithHeader("anthropic-ratelimit-unified-overage-status", "Odd; value=1"));

        using var reply = await SendOwnAsync(_token, stream);

        Assert.Equal((HttpStatusCode.OK, answer.BodyText()), (reply.StatusCode, await reply.Content.ReadAsStringAsync(Timeouts.Token)));
        Assert.Equal(
            ["anthropic-ratelimit-unified-5h-reset: 1893456000", "anthropic-ratelimit-unified-5h-status: allowed", "anthropic-ratelimit-unified-5h-utilization: 0.25",
                "anthropic-ratelimit-unified-overage-status: Odd; value=1", "anthropic-ratelimit-unified-representative-claim: five_hour", "anthropic-ratelimit-unified-status: allowed"],
            reply.Headers.NonValidated.Where(header => header.Key.StartsWith("anthropic-", StringComparison.Ordinal)).Select(header => $"{header.Key}: {header.Value}").Order(StringComparer.Ordinal));
        var row = await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(_token));
        Assert.Equal(("live", "anthropic-ratelimit-unified"), (row.Source, row.Detail));
        AssertJson(
            """{"status":"allowed","claim":"five_hour","windows":[{"name":"five_hour","status":"allowed","resets_at":"2030-01-01T00:00:00+00:00","utilization":0.25}]}""", row.Limits);
        Assert.InRange(row.ObservedAt, TimeProvider.System.GetUtcNow().UtcDateTime.AddMinutes(-1), TimeProvider.System.GetUtcNow().UtcDateTime);
        Assert.Equal(1, Metrics.Sums["trinity_limits_observed{provider=anthropic}"]);
        await Eventually.TrueAsync(() => Metrics.Sums.GetValueOrDefault("trinity_limits_written{provider=anthropic}") == 1, "the write is counted");
        Assert.Single(Bench.Upstream.Requests); // nobody asked for it
    }

    [Fact]
    public async Task Stream_StillRunning_IsKnownAlready()
    {
        var gate = new FakeGate();
        Bench.Expect(Models.Messages).Reply(Plan(Models.Streaming(Models.Messages), .5).GatedBy(gate));

        using var reply = await SendOwnAsync(_token, stream: true);

        await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(_token));
        Assert.Equal(0, gate.Written);
        gate.Open();
        await reply.Content.ReadAsStringAsync(Timeouts.Token);
    }

    [Theory]
    [InlineData(400)]
    [InlineData(429)]
    [InlineData(529)]
    public async Task ErrorReply_IsHeardToo(int status)
    {
        Bench.Expect(Models.Messages).Reply(Plan(FakeReply.Json(status, "{}"), 1));

        using var reply = await SendOwnAsync(_token);

        Assert.Equal(status, (int)reply.StatusCode);
        await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(_token));
    }

    [Theory]
    [InlineData(Models.Chat, true)]
    [InlineData(Models.Responses, false)]
    public async Task KeyOfTheProvider_HeadersOfItsRate_AreKnownByTheKeysId(string dialect, bool stream)
    {
        var answer = stream ? Models.Streaming(dialect) : Models.Blocking(dialect);
        Bench.Expect(dialect).Reply(answer
            .WithHeader("x-ratelimit-limit-requests", "500").WithHeader("x-ratelimit-remaining-requests", "375").WithHeader("x-ratelimit-reset-requests", "6m0s")
            .WithHeader("x-codex-primary-used-percent", "40"));

        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream));

        Assert.Equal(answer.BodyText(), await reply.Content.ReadAsStringAsync(Timeouts.Token));
        var row = await LimitsRow.WhenAsync(Bench, $"key:{await KeyIdAsync("openai")}");
        Assert.Equal("x-codex, x-ratelimit", row.Detail);
        using var limits = JsonDocument.Parse(row.Limits);
        Assert.Equal([("primary", .4), ("requests", .25)], limits.RootElement.GetProperty("windows").EnumerateArray().Select(window => (window.GetProperty("name").GetString(), window.GetProperty("utilization").GetDouble())));
        Assert.Equal(row.ObservedAt.AddMinutes(6), limits.RootElement.GetProperty("windows")[1].GetProperty("resets_at").GetDateTimeOffset().UtcDateTime, TimeSpan.FromMilliseconds(1));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(401)]
    public async Task Failover_TheRefusedKeyIsBookedToItsOwnId(int status)
    {
        await Bench.Config.SetKeysAsync("anthropic", FirstKey, SecondKey);
        await Bench.AppliedAsync();
        Bench.Expect(Models.Messages).WithKey(FirstKey).Reply(Rate(FakeReply.Json(status, "{}"), remaining: 0));
        Bench.Expect(Models.Messages).WithKey(SecondKey).Reply(Rate(Models.Blocking(Models.Messages), remaining: 75));

        using var reply = await Bench.SendAsync(Bench.Request(Models.Messages));

        Assert.Equal("75", reply.Headers.GetValues("anthropic-ratelimit-requests-remaining").Single());
        var (first, second) = (await LimitsRow.WhenAsync(Bench, $"key:{await KeyIdAsync("anthropic", 0)}"), await LimitsRow.WhenAsync(Bench, $"key:{await KeyIdAsync("anthropic", 1)}"));
        AssertJson("""{"windows":[{"name":"requests","utilization":1}]}""", first.Limits);
        AssertJson("""{"windows":[{"name":"requests","utilization":0.25}]}""", second.Limits);
    }

    [Fact] // what the client works with when the reply arrives is not what was used up
    public async Task ClientThatChangedItsTokenMeanwhile_IsBookedToTheOldToken()
    {
        var next = Canaries.New("anthropic-oauth");
        var gate = new FakeGate();
        Bench.Expect(Models.Messages).Where("the old token", request => request.Header("Authorization") == $"Bearer {_token}").Reply(Plan(Models.Blocking(Models.Messages), .9).HeldBy(gate));
        Bench.Expect(Models.Messages).Where("the new token", request => request.Header("Authorization") == $"Bearer {next}").Reply(Plan(Models.Blocking(Models.Messages), .1));
        var old = SendOwnAsync(_token);
        await Bench.Upstream.WhenReceivedAsync();
        using (var served = await SendOwnAsync(next))
        {
            Assert.Equal(.1, (await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(next))).FiveHour);
        }

        gate.Open();
        using var reply = await old;

        Assert.Equal(.9, (await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(_token))).FiveHour);
        Assert.Equal(.1, (await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(next))).FiveHour);
    }

    [Fact]
    public async Task ReplyAfterReply_TheLatestIsKnown()
    {
        for (var i = 1; i <= 20; i++)
        {
            Bench.Expect(Models.Messages).Reply(Plan(Models.Blocking(Models.Messages), i / 100d));
            using var reply = await SendOwnAsync(_token);
        }

        await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(_token), row => row.FiveHour == .2);
        Assert.Equal(20, Metrics.Sums["trinity_limits_observed{provider=anthropic}"]);
    }

    [Fact]
    public async Task RepliesThatSayNothing_AreNotWritten()
    {
        foreach (var dialect in new[] { Models.Messages, Models.Chat, Models.Responses })
        {
            Bench.Expect(dialect).Reply(Models.Blocking(dialect).WithHeader("retry-after", "1").WithHeader("request-id", "req_1"));
            using var own = Bench.Request(dialect);
            using var reply = await Bench.SendAsync(own);
        }

        await AssertNothingElseIsKnownAsync();
    }

    [Fact] // the vendor's telemetry and its lists of models say nothing of what is left for work
    public async Task PassThroughRoute_IsNotHeard()
    {
        Bench.Upstream.Expect("GET", "/v1/models", Plan(FakeReply.Json(200, "{}"), .5));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/anthropic/v1/models");

        using var reply = await SendOwnAsync(request, _token);

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        await AssertNothingElseIsKnownAsync();
    }

    [Fact]
    public async Task LocalModelWithoutAnyCredential_IsNotHeard()
    {
        await Bench.Config.AddProviderAsync("local", ProviderTypes.OpenAiCompatible, Bench.UpstreamUrl("openai"));
        await Bench.AppliedAsync();
        Bench.Expect(Models.Chat).Reply(Models.Blocking(Models.Chat).WithHeader("x-ratelimit-limit-requests", "5").WithHeader("x-ratelimit-remaining-requests", "1"));

        using var reply = await Bench.SendAsync(Bench.Request(Models.Chat, provider: "local"));

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        await AssertNothingElseIsKnownAsync();
    }

    [Fact]
    public async Task HostileHeaders_AreReadAsNumbersAndWordsOnly()
    {
        Bench.Expect(Models.Messages).Reply(Models.Blocking(Models.Messages)
            .WithHeader("anthropic-ratelimit-unified-status", "allowed")
            .WithHeader("anthropic-ratelimit-unified-representative-claim", _token)
            .WithHeader("anthropic-ratelimit-unified-5h-utilization", "-1")
            .WithHeader("anthropic-ratelimit-unified-5h-status", "'; drop table account_limits; --")
            .WithHeader("anthropic-ratelimit-unified-7d-utilization", "0.5").WithHeader("anthropic-ratelimit-unified-7d-utilization", "0.6"));

        using var reply = await SendOwnAsync(_token);

        AssertJson("""{"status":"allowed","windows":[]}""", (await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(_token))).Limits);
    }

    [Fact]
    public async Task TwoReplicas_TheLaterReplyWins_WhoeverWritesLast()
    {
        await using var other = await Bench.StartReplicaAsync();
        await other.WhenAppliedAsync(await Bench.Config.RevisionAsync());
        using var client = LoopbackHttp.CreateClient(other.Url);
        Bench.Expect(Models.Messages).Reply(Plan(Models.Blocking(Models.Messages), .1));
        using var first = await SendOwnAsync(_token);
        await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(_token), row => row.FiveHour == .1);
        Bench.Expect(Models.Messages).Reply(Plan(Models.Blocking(Models.Messages), .2));
        using var second = await SendOwnAsync(_token, client: client);
        var row = await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(_token), row => row.FiveHour == .2);

        await Bench.Database.ExecuteAsync("update account_limits set observed_at = observed_at + interval '1 hour'"); // said by a replica whose reply came later
        Bench.Expect(Models.Messages).Reply(Plan(Models.Blocking(Models.Messages), .3));
        using var late = await SendOwnAsync(_token);
        await Eventually.TrueAsync(() => Metrics.Sums.GetValueOrDefault("trinity_limits_written{provider=anthropic}") == 2, "the write is over");

        var after = await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(_token));
        Assert.Equal((.2, row.ObservedAt.AddHours(1)), (after.FiveHour, after.ObservedAt));
    }

    [Fact]
    public async Task Shutdown_WritesWhatIsPending()
    {
        using var stream = await GatedStream.StartAsync(Bench, TestBench.KeyOf("anthropic")); // says nothing
        Bench.Expect(Models.Messages).Reply(Plan(Models.Blocking(Models.Messages), .1));
        using var first = await SendOwnAsync(_token);
        Bench.Expect(Models.Messages).Reply(Plan(Models.Blocking(Models.Messages), .2));
        using var second = await SendOwnAsync(_token);
        await stream.FinishAsync();

        await Bench.Bridge.StopAsync();

        Assert.Equal(.2, Assert.Single(await LimitsRow.ListAsync(Bench)).FiveHour);
    }

    private static FakeReply Plan(FakeReply reply, double utilization) => reply
        .WithHeader("anthropic-ratelimit-unified-status", "allowed")
        .WithHeader("anthropic-ratelimit-unified-5h-utilization", utilization.ToString(System.Globalization.CultureInfo.InvariantCulture))
        .WithHeader("anthropic-ratelimit-unified-5h-reset", "1893456000")
        .WithHeader("anthropic-ratelimit-unified-5h-status", "allowed");

    private static FakeReply Rate(FakeReply reply, int remaining) => reply
        .WithHeader("anthropic-ratelimit-requests-limit", "100")
        .WithHeader("anthropic-ratelimit-requests-remaining", remaining.ToString(System.Globalization.CultureInfo.InvariantCulture));

    private Task<HttpResponseMessage> SendOwnAsync(string token, bool stream = false, HttpClient? client = null) => SendOwnAsync(Bench.Request(Models.Messages, stream), token, client);

    private async Task<HttpResponseMessage> SendOwnAsync(HttpRequestMessage request, string token, HttpClient? client = null)
    {
        using (request)
        {
            request.Headers.Authorization = new("Bearer", token);
            request.Headers.TryAddWithoutValidation("X-Trinity-Key", Bench.Token);
            return await (client ?? Bench.Client).SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
        }
    }

    private async Task<Guid> KeyIdAsync(string provider, int ordinal = 0) =>
        await Bench.Database.ScalarAsync<Guid>($"select id from ai_provider_keys where provider_id = '{Bench.Config.IdOf(provider)}' and ordinal = {ordinal}");

    // What is heard is written in one go: when a later one is there, no earlier one is under way.
    private async Task AssertNothingElseIsKnownAsync()
    {
        var last = Canaries.New("anthropic-oauth");
        Bench.Expect(Models.Messages).Reply(Plan(Models.Blocking(Models.Messages), .7));
        using var reply = await SendOwnAsync(last);
        await LimitsRow.WhenAsync(Bench, CredentialFingerprint.Of(last));
        Assert.Single(await LimitsRow.ListAsync(Bench));
        Assert.Equal(1, Metrics.Sums.Where(sum => sum.Key.StartsWith("trinity_limits_observed", StringComparison.Ordinal)).Sum(sum => sum.Value));
    }

    private static void AssertJson(string expected, string actual)
    {
        using var one = JsonDocument.Parse(expected);
        using var other = JsonDocument.Parse(actual);
        Assert.True(JsonElement.DeepEquals(one.RootElement, other.RootElement), actual);
    }
}
