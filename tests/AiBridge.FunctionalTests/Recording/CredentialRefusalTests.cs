using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;
using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Telemetry;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.FunctionalTests.Recording;

/// <summary>What a provider refuses of a caller's own credential is reported, booked to the credential of that very request.</summary>
public sealed class CredentialRefusalTests : IAsyncLifetime
{
    private readonly string _token = Canaries.New("anthropic-oauth");

    private TestBench Bench { get; set; } = null!;

    public async ValueTask InitializeAsync() => Bench = await TestBench.StartAsync(["anthropic", "openai"]);

    public async ValueTask DisposeAsync()
    {
        Canaries.AssertAbsentFrom(Bench.Bridge.Logs.Text, "the log");
        Canaries.AssertAbsentFrom(await Bench.Database.ScalarAsync<string>("select coalesce(string_agg(r::text, E'\\n'), '') from credential_refusals r") ?? "", "the refusals");
        await Bench.DisposeAsync();
    }

    [Theory] // AS-2
    [InlineData(Models.Messages, 429)]
    [InlineData(Models.Messages, 401)]
    [InlineData(Models.Messages, 402)]
    [InlineData(Models.Messages, 403)]
    [InlineData(Models.Responses, 429)]
    [InlineData(Models.Chat, 401)]
    public async Task Refusal_OfAnOwnCredential_IsReported(string dialect, int status)
    {
        using var metrics = new HostMetrics(Bench.Bridge);
        await using var bus = await ChannelListener.StartAsync(Bench.Database, NotificationChannels.CredentialRefused);
        Bench.Expect(dialect).Reply(FakeReply.Json(status, "{}").WithHeader("Retry-After", "41"));

        using var reply = await SendAsync(dialect, _token);

        Assert.Equal(status, (int)reply.StatusCode);
        var row = Assert.Single(await RefusalsAsync(1));
        Assert.Equal((CredentialFingerprint.Of(_token), status, Models.Provider(dialect)), (row.Fingerprint, row.Status, row.Provider));
        Assert.Equal(Guid.Parse(reply.Headers.GetValues("X-Trinity-Interception-Id").Single()), row.Id);
        Assert.Equal(await Bench.Database.ScalarAsync<Guid>("select id from virtual_keys"), row.VirtualKeyId);
        Assert.Equal((41, null), ((row.RetryAt!.Value - row.RefusedAt).TotalSeconds, row.Limits));
        Assert.True(row.RequestedAt <= row.RefusedAt);
        await bus.WhenNotifiedAsync(); // control planes are told
        Assert.Equal(1, metrics.Sums[$"trinity_credential_refusals{{provider={Models.Provider(dialect)},status={status}}}"]);
        Assert.Single(Bench.Bridge.Logs.Of(EventIds.CredentialRefused));
    }

    [Fact]
    public async Task Refusal_WithHeadersOfAPlan_TellsItsLimits_AndOnlyNumbersAndWords()
    {
        Bench.Expect(Models.Messages).Reply(FakeReply.TooManyRequests()
            .WithHeader("anthropic-ratelimit-unified-status", "rejected")
            .WithHeader("anthropic-ratelimit-unified-representative-claim", _token)
            .WithHeader("anthropic-ratelimit-unified-reset", "soon")
            .WithHeader("anthropic-ratelimit-unified-5h-utilization", "1.02")
            .WithHeader("anthropic-ratelimit-unified-5h-reset", "1893456000")
            .WithHeader("anthropic-ratelimit-unified-5h-status", "rejected")
            .WithHeader("anthropic-ratelimit-unified-7d-utilization", "NaN")
            .WithHeader("anthropic-ratelimit-unified-7d-status", "allowed_warning"));

        using var reply = await SendAsync(Models.Messages, _token);

        Assert.Equal(
            """{"status": "rejected", "windows": [{"name": "five_hour", "status": "rejected", "resets_at": "2030-01-01T00:00:00+00:00", "utilization": 1.02}, {"name": "seven_day", "status": "allowed_warning"}]}""",
            Assert.Single(await RefusalsAsync(1)).Limits);
    }

    [Fact] // HZ-3: what the client works with when the refusal arrives is not what was refused
    public async Task Refusal_OfARequestWhoseClientChangedItsTokenMeanwhile_IsBookedToTheOldToken()
    {
        var next = Canaries.New("anthropic-oauth");
        var gate = new FakeGate();
        Bench.Expect(Models.Messages).Where("the old token", request => request.Header("Authorization") == $"Bearer {_token}").Reply(FakeReply.TooManyRequests().GatedBy(gate));
        Bench.Expect(Models.Messages).Where("the new token", request => request.Header("Authorization") == $"Bearer {next}").Reply(Models.Blocking(Models.Messages));
        var old = SendAsync(Models.Messages, _token);
        await Bench.Upstream.WhenReceivedAsync();

        using (var served = await SendAsync(Models.Messages, next))
        {
            Assert.Equal(HttpStatusCode.OK, served.StatusCode);
        }

        gate.Open();
        using var refused = await old;

        Assert.Equal(HttpStatusCode.TooManyRequests, refused.StatusCode);
        Assert.Equal(CredentialFingerprint.Of(_token), Assert.Single(await RefusalsAsync(1)).Fingerprint);
    }

    public static TheoryData<string, string, int> Streams { get; } = new()
    {
        { Models.Messages, string.Concat(AnthropicMessage.Saying("Hi.").Frames().Take(2)) + AnthropicError.Frame("rate_limit_error", "m"), 429 },
        { Models.Messages, AnthropicError.Frame("authentication_error", "m").ToString(), 401 },
        { Models.Messages, AnthropicError.Frame("billing_error", "m").ToString(), 402 },
        { Models.Messages, AnthropicError.Frame("permission_error", "m").ToString(), 403 },
        { Models.Responses, string.Concat(OpenAiResponse.Saying("Hi.").Frames().Take(3)) + OpenAiError.ResponsesFrame("rate_limit_exceeded", "m"), 429 },
        { Models.Messages, AnthropicError.Frame("overloaded_error", "m").ToString(), 0 },
        { Models.Messages, string.Concat(AnthropicMessage.Saying("Hi.").Frames()), 0 },
    };

    [Theory] // the status was 200 when the limit was reached
    [MemberData(nameof(Streams))]
    public async Task Refusal_InTheMiddleOfAStream_IsReportedLikeTheStatusItWouldHaveHad(string dialect, string stream, int status)
    {
        Bench.Expect(dialect).Reply(FakeReply.Sse(stream));

        using var reply = await SendAsync(Bench.Request(dialect, stream: true), _token);
        _ = await reply.Content.ReadAsStringAsync(Timeouts.Token);

        if (status == 0)
        {
            await AssertNothingIsReportedAsync();
            return;
        }

        var row = Assert.Single(await RefusalsAsync(1));
        Assert.Equal((CredentialFingerprint.Of(_token), status, null, null), (row.Fingerprint, row.Status, row.RetryAt, row.Limits));
    }

    [Fact]
    public async Task Refusal_InTheMiddleOfAStreamOnAKeyOfTheProvider_IsNotReported()
    {
        Bench.Expect(Models.Messages).Reply(FakeReply.Sse(AnthropicError.Frame("rate_limit_error", "m").ToString()));

        using var reply = await Bench.SendAsync(Bench.Request(Models.Messages, stream: true));
        _ = await reply.Content.ReadAsStringAsync(Timeouts.Token);

        await AssertNothingIsReportedAsync();
    }

    [Theory] // AS-3
    [InlineData(Models.Messages, 200)]
    [InlineData(Models.Messages, 400)]
    [InlineData(Models.Messages, 404)] // an unknown model
    [InlineData(Models.Messages, 500)]
    [InlineData(Models.Messages, 529)]
    [InlineData(Models.Responses, 403)] // a model or a region
    public async Task OtherReplies_AreNotReported(string dialect, int status)
    {
        Bench.Expect(dialect).Reply(FakeReply.Json(status, "{}"));

        using var reply = await SendAsync(dialect, _token);

        await AssertNothingIsReportedAsync();
    }

    [Theory]
    [InlineData(429)]
    [InlineData(401)]
    public async Task Refusal_OfAKeyOfTheProvider_IsNotReported(int status)
    {
        Bench.Expect(Models.Messages).Reply(FakeReply.Json(status, "{}"));

        using var reply = await Bench.SendAsync(Bench.Request(Models.Messages));

        await AssertNothingIsReportedAsync();
    }

    [Fact] // a local model that needs none
    public async Task Refusal_WithoutAnyCredential_IsNotReported()
    {
        await Bench.Config.AddProviderAsync("local", ProviderTypes.OpenAiCompatible, Bench.UpstreamUrl("openai"));
        await Bench.AppliedAsync();
        Bench.Expect(Models.Chat).Reply(FakeReply.TooManyRequests());

        using var reply = await Bench.SendAsync(Bench.Request(Models.Chat, provider: "local"));

        Assert.Equal(HttpStatusCode.TooManyRequests, reply.StatusCode);
        await AssertNothingIsReportedAsync();
    }

    [Fact] // the vendor's telemetry refuses a token that serves models
    public async Task Refusal_OnAPassThroughRoute_IsNotReported()
    {
        Bench.Upstream.Expect("POST", "/api/event_logging/batch", FakeReply.Json(403, "{}"));
        using var request = Bench.Post("/anthropic/api/event_logging/batch", "{}");

        using var reply = await SendAsync(request, _token);

        Assert.Equal(HttpStatusCode.Forbidden, reply.StatusCode);
        await AssertNothingIsReportedAsync();
    }

    [Fact]
    public async Task Refusal_ByTheBridgeItself_IsNotReported()
    {
        var key = await Bench.Config.AddVirtualKeyAsync("slow", limits: new VirtualKeyLimits { RequestsPerMinute = 1 });
        await Bench.AppliedAsync();
        Bench.Expect(Models.Messages).Reply(Models.Blocking(Models.Messages));
        using var served = await SendAsync(Models.Messages, _token, key);
        using var limited = await SendAsync(Models.Messages, _token, key);
        using var unknown = await SendAsync(Models.Messages, _token, VirtualKeyToken.Create());

        Assert.Equal((HttpStatusCode.TooManyRequests, HttpStatusCode.Unauthorized), (limited.StatusCode, unknown.StatusCode));
        await AssertNothingIsReportedAsync();
    }

    [Fact]
    public async Task ClientThatLeaves_IsNotReported()
    {
        Bench.Expect(Models.Messages).Reply(FakeReply.Never());
        using var client = new CancellationTokenSource();
        using var request = Own(Bench.Request(Models.Messages), _token);
        var sending = Bench.Client.SendAsync(request, client.Token);
        var upstream = await Bench.Upstream.WhenReceivedAsync();

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await upstream.Aborted.WaitAsync(Timeouts.Token);
        await AssertNothingIsReportedAsync();
    }

    [Fact]
    public async Task DatabaseOutage_DelaysTheReportAndNothingElse()
    {
        await using var proxy = new TcpFaultProxy(Bench.Database.Server.Port);
        var connection = new NpgsqlConnectionStringBuilder(Bench.Database.ConnectionString) { Port = proxy.Port, Timeout = 2, CommandTimeout = 2 }.ConnectionString;
        await using var bridge = await BridgeHost.StartAsync(connection, Bench.EncryptionKeys);
        await bridge.WhenAppliedAsync(await Bench.Config.RevisionAsync());
        using var client = LoopbackHttp.CreateClient(bridge.Url);
        Bench.Upstream.Respond(_ => FakeReply.TooManyRequests());

        proxy.Fault = TcpFault.Close;
        for (var i = 0; i < 5; i++)
        {
            using var request = Own(Bench.Request(Models.Messages), _token);
            using var reply = await client.SendAsync(request, Timeouts.Token);
            Assert.Equal(HttpStatusCode.TooManyRequests, reply.StatusCode);
        }

        await bridge.Logs.WhenLoggedAsync(EventIds.RefusalsNotWritten);
        Assert.Equal(0, await Bench.Database.ScalarAsync<long>("select count(*) from credential_refusals"));
        proxy.Fault = TcpFault.None;

        Assert.Equal(5, (await RefusalsAsync(5)).Count);
    }

    [Fact]
    public async Task FullQueue_DropsAndCounts()
    {
        using var metrics = new HostMetrics(Bench.Bridge);
        var recorder = new RefusalRecorder(Bench.Bridge.Services.GetRequiredService<BridgeMetrics>(), NullLogger<RefusalRecorder>.Instance); // nobody reads it

        for (var i = 0; i < RefusalRecorder.Capacity + 3; i++)
        {
            recorder.Record(Refusal());
        }

        Assert.Equal(3, metrics.Sums["trinity_credential_refusals_dropped{}"]);
        await AssertNothingIsReportedAsync();
    }

    [Fact]
    public async Task Report_WrittenTwice_ChangesNothing()
    {
        var store = Bench.Bridge.Services.GetRequiredService<RefusalStore>();
        CredentialRefusal[] batch = [Refusal(), Refusal()];

        await store.WriteAsync(batch, Timeouts.Token);
        await store.WriteAsync(batch, Timeouts.Token);

        Assert.Equal(2, await Bench.Database.ScalarAsync<long>("select count(*) from credential_refusals"));
    }

    [Fact]
    public async Task Shutdown_WritesWhatIsQueued()
    {
        Bench.Expect(Models.Messages).Reply(FakeReply.TooManyRequests());
        using var reply = await SendAsync(Models.Messages, _token);

        await Bench.Bridge.StopAsync();

        Assert.Equal(1, await Bench.Database.ScalarAsync<long>("select count(*) from credential_refusals"));
    }

    private static CredentialRefusal Refusal() => new()
    {
        Id = Guid.CreateVersion7(),
        VirtualKeyId = Guid.CreateVersion7(),
        Fingerprint = "0123456789abcdef",
        Provider = "p",
        Status = 429,
        RequestedAt = DateTimeOffset.UnixEpoch,
        RefusedAt = DateTimeOffset.UnixEpoch,
    };

    private Task<HttpResponseMessage> SendAsync(string dialect, string credential, string? virtualKey = null) => SendAsync(Bench.Request(dialect), credential, virtualKey);

    private async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string credential, string? virtualKey = null)
    {
        using (request)
        {
            return await Bench.SendAsync(Own(request, credential, virtualKey));
        }
    }

    private HttpRequestMessage Own(HttpRequestMessage request, string credential, string? virtualKey = null)
    {
        request.Headers.Authorization = new("Bearer", credential);
        request.Headers.TryAddWithoutValidation("X-Trinity-Key", virtualKey ?? Bench.Token);
        return request;
    }

    // Reports are written in order: when that of a later refusal is there, no earlier one is under way.
    private async Task AssertNothingIsReportedAsync()
    {
        var last = Canaries.New("anthropic-oauth");
        Bench.Expect(Models.Messages).Reply(FakeReply.TooManyRequests());
        using var reply = await SendAsync(Models.Messages, last);
        Assert.Equal(CredentialFingerprint.Of(last), Assert.Single(await RefusalsAsync(1)).Fingerprint);
    }

    private async Task<IReadOnlyList<Row>> RefusalsAsync(int count)
    {
        await Eventually.TrueAsync(async () => await Bench.Database.ScalarAsync<long>("select count(*) from credential_refusals") >= count, $"{count} refusals are reported");
        var rows = new List<Row>();
        await using var command = Bench.Database.DataSource.CreateCommand(
            "select id, virtual_key_id, fingerprint, provider, status, limits::text, retry_at, requested_at, refused_at from credential_refusals order by id");
        await using var reader = await command.ExecuteReaderAsync(Timeouts.Token);
        while (await reader.ReadAsync(Timeouts.Token))
        {
            rows.Add(new Row(reader.GetGuid(0), reader.GetGuid(1), reader.GetString(2), reader.GetString(3), reader.GetInt32(4), reader[5] as string, reader[6] as DateTime?, reader.GetDateTime(7), reader.GetDateTime(8)));
        }

        return rows;
    }

    private sealed record Row(Guid Id, Guid VirtualKeyId, string Fingerprint, string Provider, int Status, string? Limits, DateTime? RetryAt, DateTime RequestedAt, DateTime RefusedAt);
}
