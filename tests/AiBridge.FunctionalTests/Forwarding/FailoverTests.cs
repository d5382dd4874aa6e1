using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AiBridge.FunctionalTests.Proxy;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

public sealed class FailoverTests : IAsyncLifetime
{
    private const string First = "sk-first-key-0123456789";
    private const string Second = "sk-second-key-0123456789";

    private readonly ManualTimeProvider _time = new();

    private TestBench Bench { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Bench = await TestBench.StartAsync(["anthropic", "openai"], startBridge: false);
        await Bench.Config.SetKeysAsync("anthropic", First, Second);
        await Bench.Config.SetKeysAsync("openai", First, Second);
        await Bench.StartBridgeAsync(configure: builder => builder.Services.AddSingleton<TimeProvider>(_time));
    }

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    [Theory]
    [InlineData(Models.Messages, false)]
    [InlineData(Models.Messages, true)]
    [InlineData(Models.Chat, true)]
    [InlineData(Models.Responses, false)]
    public async Task FirstKeyLimited_SecondAnswers_AndTheClientSeesNothingOfIt(string dialect, bool stream)
    {
        var answer = stream ? Models.Streaming(dialect) : Models.Blocking(dialect);
        Bench.Expect(dialect).WithKey(First).Reply(FakeReply.TooManyRequests(30).WithHeader("x-of-the-refused", "1"));
        Bench.Expect(dialect).WithKey(Second).Where("the body is sent again", request => request.BodyText == Models.Json(stream)).Reply(answer);

        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream));

        Assert.Equal((HttpStatusCode.OK, answer.BodyText()), (reply.StatusCode, await reply.Content.ReadAsStringAsync(Timeouts.Token)));
        Assert.False(reply.Headers.Contains("x-of-the-refused") || reply.Headers.Contains("Retry-After"));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal(("completed", 200, 2, "sk-s...6789"), (record.Outcome, record.Status, record.Attempts, record.KeyHint));
    }

    [Theory]
    [InlineData(null, 60)]
    [InlineData("7", 7)]
    [InlineData("0", 60)]
    [InlineData("-5", 60)]
    [InlineData("soon", 60)]
    [InlineData("Tue, 01 Jan 2030 00:00:30 GMT", 30)]
    [InlineData("Mon, 31 Dec 2029 00:00:00 GMT", 60)]
    [InlineData("604800", 15 * 60)]
    public async Task LimitedKey_CoolsDownAsLongAsTheProviderSays(string? retryAfter, int seconds)
    {
        var limited = FakeReply.TooManyRequests();
        await AssertCoolsDownAsync(retryAfter is null ? limited : limited.WithHeader("Retry-After", retryAfter), seconds);
    }

    [Fact]
    public Task RefusedKey_CoolsDownForAMinute() => AssertCoolsDownAsync(FakeReply.Unauthorized(), 60);

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(413)]
    [InlineData(500)]
    [InlineData(503)]
    [InlineData(529)]
    public async Task OtherError_IsRelayedIntactAndTheKeyStaysInUse(int status)
    {
        var error = FakeReply.Json(status, """{"type":"error", "error":{"type":"their_own_error","message":"theirs","extra":[1]}}""").WithHeader("request-id", "req_1").WithHeader("Retry-After", "17");
        Bench.Expect(Models.Messages).WithKey(First).Reply(error);
        Bench.Expect(Models.Messages).WithKey(First).Reply(Models.Blocking(Models.Messages));

        using var reply = await Bench.SendAsync(Bench.Request(Models.Messages));
        using var next = await Bench.SendAsync(Bench.Request(Models.Messages));

        Assert.Equal((status, error.BodyText()), ((int)reply.StatusCode, await reply.Content.ReadAsStringAsync(Timeouts.Token)));
        Assert.Equal(("req_1", "17"), (reply.Headers.GetValues("request-id").Single(), reply.Headers.GetValues("Retry-After").Single()));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal(("provider_error", status, "their_own_error", 1), (record.Outcome, record.Status, record.Error, record.Attempts));
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Responses)]
    public async Task AllKeysLimited_LastReplyIsRelayed_ThenTheShortestWaitIsToldWithoutAsking(string dialect)
    {
        Bench.Expect(dialect).WithKey(First).Reply(FakeReply.TooManyRequests(40));
        Bench.Expect(dialect).WithKey(Second).Reply(FakeReply.TooManyRequests(20).WithHeader("anthropic-ratelimit-requests-remaining", "0"));

        using var last = await Bench.SendAsync(Bench.Request(dialect));
        _time.Advance(TimeSpan.FromSeconds(5));
        using var exhausted = await Bench.SendAsync(Bench.Request(dialect, stream: true));

        Assert.Equal((HttpStatusCode.TooManyRequests, "20", FakeReply.TooManyRequests().BodyText()), (last.StatusCode, RetryAfter(last), await last.Content.ReadAsStringAsync(Timeouts.Token)));
        Assert.Equal("0", last.Headers.GetValues("anthropic-ratelimit-requests-remaining").Single());
        Assert.Equal(("provider_error", 429, 2), ((await Bench.RecordedAsync(last)).Outcome, (await Bench.RecordedAsync(last)).Status, (await Bench.RecordedAsync(last)).Attempts));
        Assert.Equal((HttpStatusCode.TooManyRequests, "15"), (exhausted.StatusCode, RetryAfter(exhausted)));
        var error = await ErrorBody.OfAsync(exhausted);
        Assert.Equal((ErrorBody.ShapeOf(Models.Path(dialect)), "rate_limit_error", "keys_rate_limited"), (error.Shape, error.Type, error.Code));
        var record = await Bench.RecordedAsync(exhausted);
        Assert.Equal(("provider_error", 429, "keys_rate_limited", 0), (record.Outcome, record.Status, record.Error, record.Attempts));
    }

    [Theory]
    [InlineData(Models.Messages, "api_error")]
    [InlineData(Models.Chat, "server_error")]
    public async Task AllKeysRefused_IsABadGatewayNotAnUnauthorizedClient(string dialect, string type)
    {
        Bench.Expect(dialect).WithKey(First).Reply(FakeReply.Unauthorized());
        Bench.Expect(dialect).WithKey(Second).Reply(FakeReply.Unauthorized());

        using var reply = await Bench.SendAsync(Bench.Request(dialect));
        using var next = await Bench.SendAsync(Bench.Request(dialect));

        foreach (var each in new[] { reply, next })
        {
            var error = await ErrorBody.OfAsync(each);
            Assert.Equal((HttpStatusCode.BadGateway, type, "keys_unauthorized"), (each.StatusCode, error.Type, error.Code));
            Assert.False(each.Headers.Contains("Retry-After") || each.Headers.Contains("WWW-Authenticate"));
        }

        var record = await Bench.RecordedAsync(reply);
        Assert.Equal(("provider_error", 502, "keys_unauthorized", 2), (record.Outcome, record.Status, record.Error, record.Attempts));
    }

    [Fact]
    public async Task OneKeyRefusedTheOtherLimited_IsTheLimit()
    {
        Bench.Expect(Models.Messages).WithKey(First).Reply(FakeReply.TooManyRequests(90));
        Bench.Expect(Models.Messages).WithKey(Second).Reply(FakeReply.Unauthorized());

        using var reply = await Bench.SendAsync(Bench.Request(Models.Messages));

        Assert.Equal((HttpStatusCode.TooManyRequests, "60"), (reply.StatusCode, RetryAfter(reply))); // the refused key is tried again in 60 s
        Assert.Equal("keys_rate_limited", (await ErrorBody.OfAsync(reply)).Code);
    }

    [Fact]
    public async Task Cooldown_SurvivesReloadsOfThisAndOtherProviders()
    {
        Bench.Expect(Models.Messages).WithKey(First).Reply(FakeReply.TooManyRequests(300));
        Bench.Expect(Models.Messages).WithKey(Second).Times(3).Reply(Models.Blocking(Models.Messages));
        using var reply = await Bench.SendAsync(Bench.Request(Models.Messages));

        await Bench.Config.EditAsync("openai", idleTimeoutSeconds: 77);
        await Bench.AppliedAsync();
        using var afterOther = await Bench.SendAsync(Bench.Request(Models.Messages));
        await Bench.Config.EditAsync("anthropic", idleTimeoutSeconds: 77);
        await Bench.AppliedAsync();
        using var afterOwn = await Bench.SendAsync(Bench.Request(Models.Messages));

        Assert.Equal((2, 1, 1), ((await Bench.RecordedAsync(reply)).Attempts, (await Bench.RecordedAsync(afterOther)).Attempts, (await Bench.RecordedAsync(afterOwn)).Attempts));
    }

    [Theory]
    [InlineData(429)]
    [InlineData(401)]
    public async Task OwnCredential_HasOneAttempt_AndItsErrorIsTheClients(int status)
    {
        var error = FakeReply.Json(status, """{"type":"error","error":{"type":"theirs","message":"x"}}""").WithHeader("Retry-After", "9");
        Bench.Expect(Models.Messages).WithKey("sk-ant-oat01-of-the-client").Reply(error);
        Bench.Expect(Models.Messages).WithKey(First).Reply(Models.Blocking(Models.Messages));
        using var request = Bench.Request(Models.Messages);
        request.Headers.Authorization = new("Bearer", "sk-ant-oat01-of-the-client");
        request.Headers.Add("X-Trinity-Key", Bench.Token);

        using var reply = await Bench.SendAsync(request);
        using var central = await Bench.SendAsync(Bench.Request(Models.Messages));

        Assert.Equal((status, error.BodyText(), "9"), ((int)reply.StatusCode, await reply.Content.ReadAsStringAsync(Timeouts.Token), RetryAfter(reply)));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal(("provider_error", status, "byok", 1), (record.Outcome, record.Status, record.CredentialKind, record.Attempts));
        Assert.Equal(HttpStatusCode.OK, central.StatusCode);
    }

    [Fact]
    public async Task FirstByteSeen_NoOtherKeyIsTried()
    {
        var stream = Models.Streaming(Models.Messages);
        Bench.Expect(Models.Messages).WithKey(First).Reply(stream.ResetAfter(stream.Pieces[0].Length));

        using var reply = await Bench.SendAsync(Bench.Request(Models.Messages, stream: true));

        Assert.Contains("upstream_truncated", await reply.Content.ReadAsStringAsync(Timeouts.Token), StringComparison.Ordinal);
        Assert.Equal(1, (await Bench.RecordedAsync(reply)).Attempts);
    }

    [Fact]
    public async Task ConnectionFailure_IsNoFaultOfTheKey()
    {
        Bench.Expect(Models.Messages).WithKey(First).Reply(FakeReply.ResetBeforeHead());
        Bench.Expect(Models.Messages).WithKey(First).Reply(Models.Blocking(Models.Messages));

        using var reply = await Bench.SendAsync(Bench.Request(Models.Messages));
        using var next = await Bench.SendAsync(Bench.Request(Models.Messages));

        Assert.Equal((HttpStatusCode.BadGateway, HttpStatusCode.OK), (reply.StatusCode, next.StatusCode));
    }

    [Fact]
    public async Task PassThrough_FailsOverAndReplaysItsBody()
    {
        var body = $$"""{"model":"m","x":"{{new string('x', 300_000)}}"}""";
        Bench.Upstream.Expect("POST", "/v1/messages/count_tokens").WithKey(First).Where("the body is whole", seen => seen.BodyText == body).Reply(FakeReply.TooManyRequests());
        Bench.Upstream.Expect("POST", "/v1/messages/count_tokens").WithKey(Second).Where("the body is whole", seen => seen.BodyText == body).Reply(FakeReply.Json(200, """{"input_tokens":5}"""));

        using var reply = await Bench.SendAsync(Bench.Post("/anthropic/v1/messages/count_tokens", body));

        Assert.Equal("""{"input_tokens":5}""", await reply.Content.ReadAsStringAsync(Timeouts.Token));
    }

    [Fact]
    public async Task PassThrough_AllKeysRefused_IsABadGateway()
    {
        Bench.Upstream.Expect("GET", "/v1/models").Times(2).Reply(FakeReply.Unauthorized());
        using var request = Bench.Post("/anthropic/v1/models", "");
        request.Method = HttpMethod.Get;
        request.Content = null;

        using var reply = await Bench.SendAsync(request);

        Assert.Equal((HttpStatusCode.BadGateway, "keys_unauthorized"), (reply.StatusCode, (await ErrorBody.OfAsync(reply)).Code));
    }

    // A vendor's telemetry refuses keys that serve models; counting tokens has limits of its own.
    [Theory]
    [InlineData("/v1/messages/count_tokens", 429)]
    [InlineData("/api/event_logging/batch", 401)]
    public async Task PassThrough_KeyLimitedOrRefused_ServesModelsAsBefore(string path, int status)
    {
        Bench.Upstream.Expect("POST", path).Times(2).Reply(status == 401 ? FakeReply.Unauthorized() : FakeReply.TooManyRequests(600));
        Bench.Expect(Models.Messages).WithKey(First).Reply(Models.Blocking(Models.Messages));
        using var passed = await Bench.SendAsync(Bench.Post("/anthropic" + path, "{}"));
        Assert.Equal(status == 401 ? HttpStatusCode.BadGateway : HttpStatusCode.TooManyRequests, passed.StatusCode);

        using var reply = await Bench.SendAsync(Bench.Request(Models.Messages));

        Assert.Equal((HttpStatusCode.OK, 1), (reply.StatusCode, (await Bench.RecordedAsync(reply)).Attempts));
    }

    // OpenAI refuses a valid key when the client names an organization that is not the key's, and limits projects by themselves.
    [Theory]
    [InlineData("OpenAI-Organization", 401)]
    [InlineData("openai-project", 401)]
    [InlineData("OpenAI-Project", 429)]
    public async Task RefusedOrLimited_ForWhatTheClientChose_TheKeysServeTheOthers(string header, int status)
    {
        var refusal = status == 401 ? FakeReply.Unauthorized() : FakeReply.TooManyRequests(600);
        Bench.Expect(Models.Responses).WithKey(First).Reply(refusal);
        Bench.Expect(Models.Responses).WithKey(Second).Reply(refusal);
        Bench.Expect(Models.Responses).WithKey(First).Reply(Models.Blocking(Models.Responses));
        using var request = Bench.Request(Models.Responses);
        request.Headers.Add(header, "of-somebody-else");

        using var refused = await Bench.SendAsync(request);
        using var other = await Bench.SendAsync(Bench.Request(Models.Responses));

        Assert.Equal(status == 401 ? HttpStatusCode.BadGateway : HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal((HttpStatusCode.OK, 1), (other.StatusCode, (await Bench.RecordedAsync(other)).Attempts));
    }

    // Then it is the operator's choice, and the key is not good for it.
    [Fact]
    public async Task Refused_ForWhatTheProvidersSettingsChose_CoolsDown()
    {
        var settings = new ProviderSettings { ExtraHeaders = new Dictionary<string, string>(StringComparer.Ordinal) { ["openai-organization"] = "org-ours" } };
        await Bench.Config.AddProviderAsync("ours", "openai", Bench.UpstreamUrl("openai"), [First, Second], settings);
        await Bench.AppliedAsync();
        Bench.Expect(Models.Responses).WithKey(First).Reply(FakeReply.Unauthorized());
        Bench.Expect(Models.Responses).WithKey(Second).Times(2).Reply(Models.Blocking(Models.Responses));

        using var first = await Bench.SendAsync(Bench.Post("/ours/v1/responses", Models.Json(stream: false)));
        using var next = await Bench.SendAsync(Bench.Post("/ours/v1/responses", Models.Json(stream: false)));

        Assert.Equal((2, 1), ((await Bench.RecordedAsync(first)).Attempts, (await Bench.RecordedAsync(next)).Attempts));
    }

    // The healthy key would be tried at once: there is nothing to wait for.
    [Fact]
    public async Task PassThrough_KeyRefusedBesideALimitedOne_IsNotCalledALimit()
    {
        Bench.Expect(Models.Messages).WithKey(First).Reply(FakeReply.TooManyRequests(600));
        Bench.Expect(Models.Messages).WithKey(Second).Reply(Models.Blocking(Models.Messages));
        Bench.Upstream.Expect("POST", "/api/event_logging/batch").WithKey(Second).Reply(FakeReply.Unauthorized());
        using var limited = await Bench.SendAsync(Bench.Request(Models.Messages));

        using var reply = await Bench.SendAsync(Bench.Post("/anthropic/api/event_logging/batch", "{}"));

        Assert.Equal((HttpStatusCode.BadGateway, "keys_unauthorized"), (reply.StatusCode, (await ErrorBody.OfAsync(reply)).Code));
    }

    private async Task AssertCoolsDownAsync(FakeReply refusal, int seconds)
    {
        Bench.Expect(Models.Responses).WithKey(First).Reply(refusal);
        Bench.Expect(Models.Responses).WithKey(Second).Times(2).Reply(Models.Blocking(Models.Responses));
        Bench.Expect(Models.Responses).WithKey(First).Reply(Models.Blocking(Models.Responses));
        var record = await SendAsync();
        Assert.Equal(("completed", 2), (record.Outcome, record.Attempts));

        _time.Advance(TimeSpan.FromSeconds(seconds - 1));
        Assert.Equal(1, (await SendAsync()).Attempts); // the second at once
        _time.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal("sk-f...6789", (await SendAsync()).KeyHint); // the first again
    }

    private async Task<RecordedInterception> SendAsync()
    {
        using var reply = await Bench.SendAsync(Bench.Request(Models.Responses));
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        return await Bench.RecordedAsync(reply);
    }

    private static string RetryAfter(HttpResponseMessage reply) => reply.Headers.GetValues("Retry-After").Single().ToString(CultureInfo.InvariantCulture);
}
