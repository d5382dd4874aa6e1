using System.Globalization;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Proxy;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Limits;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.FunctionalTests.Limits;

public sealed class LimitTests : IAsyncLifetime
{
    private readonly ManualTimeProvider _time = new();

    private TestBench Bench { get; set; } = null!;

    public async ValueTask InitializeAsync() =>
        Bench = await TestBench.StartAsync(["anthropic", "openai"], configure: builder => builder.Services.AddSingleton<TimeProvider>(_time));

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Responses)]
    public async Task Rate_UsedUp_IsRefusedInTheVendorsShapeUntilTheNextTokenIsThere(string dialect)
    {
        var token = await KeyAsync(new VirtualKeyLimits { RequestsPerMinute = 2 });
        Bench.Expect(dialect).Times(3).Reply(Models.Blocking(dialect));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(dialect, token));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(dialect, token));

        await AssertRefusedAsync(dialect, token, "rate_limited", retryAfter: 30);
        _time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(dialect, token));
    }

    // The upload is held open while the key it was to be sent with goes.
    [Fact]
    public async Task Rate_RotationWhileTheBodyArrives_CountsOneRequest()
    {
        var token = await KeyAsync(new VirtualKeyLimits { RequestsPerMinute = 1 });
        Bench.Expect(Models.Messages).WithKey("sk-rotated-0123456789").Reply(Models.Blocking(Models.Messages));
        using var raw = await RawHttp.ConnectAsync(Bench.Bridge.Url);
        await raw.SendAsync($"POST /anthropic/v1/messages HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer {token}\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 13\r\n\r\n");
        await raw.ReadUntilAsync("100 Continue\r\n\r\n"); // the configuration has been looked at, the body is wanted

        await Bench.Bridge.WhenAppliedAsync(await Bench.Config.SetKeysAsync("anthropic", "sk-rotated-0123456789"));
        await raw.SendAsync("{\"model\":\"m\"}");

        Assert.StartsWith("HTTP/1.1 200", await raw.ReadToEndAsync(), StringComparison.Ordinal);
        await AssertRefusedAsync(Models.Messages, token, "rate_limited", retryAfter: 60);
    }

    [Theory]
    [InlineData("GET", "/anthropic/v1/models", ErrorBody.Anthropic)]
    [InlineData("GET", "/openai/v1/models", ErrorBody.OpenAi)]
    public async Task Rate_CountsPassThroughToo(string method, string path, string shape)
    {
        var token = await KeyAsync(new VirtualKeyLimits { RequestsPerMinute = 1 });
        Bench.Upstream.Expect(method, "/v1/models").Reply(FakeReply.Json(200, "{}"));
        using var first = await SendAsync(Get(path), token);
        using var second = await SendAsync(Get(path), token);

        Assert.Equal((HttpStatusCode.OK, HttpStatusCode.TooManyRequests), (first.StatusCode, second.StatusCode));
        Assert.Equal((shape, "rate_limited"), ((await ErrorBody.OfAsync(second)).Shape, (await ErrorBody.OfAsync(second)).Code));
    }

    [Fact]
    public async Task Concurrency_IsFreedWhenTheReplyEnds()
    {
        var token = await KeyAsync(new VirtualKeyLimits { MaxConcurrent = 1 });
        var gate = new FakeGate();
        Bench.Expect(Models.Messages).Reply(Models.Streaming(Models.Messages).GatedBy(gate));
        Bench.Expect(Models.Messages).Reply(Models.Blocking(Models.Messages));
        using var running = await SendAsync(Bench.Request(Models.Messages, stream: true), token);

        await AssertRefusedAsync(Models.Messages, token, "concurrency_limited", retryAfter: 1);
        gate.Open();
        _ = await running.Content.ReadAsByteArrayAsync(Timeouts.Token);
        _ = await Bench.RecordedAsync(running); // it is over

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Models.Messages, token));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Concurrency_IsFreedWhenTheClientLeaves(bool beforeTheHead)
    {
        var token = await KeyAsync(new VirtualKeyLimits { MaxConcurrent = 1 });
        Bench.Expect(Models.Responses).Reply(beforeTheHead ? FakeReply.Never() : Models.Streaming(Models.Responses).HangingAfter(20));
        Bench.Expect(Models.Responses).Reply(Models.Blocking(Models.Responses));
        using var client = new CancellationTokenSource();
        using var request = Bench.Request(Models.Responses, stream: true);
        request.Headers.Authorization = new("Bearer", token);
        var sending = Bench.Client.SendAsync(request, HttpCompletionOption.ResponseContentRead, client.Token);
        var upstream = await Bench.Upstream.WhenReceivedAsync();

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await upstream.Aborted.WaitAsync(Timeouts.Token);
        await Eventually.TrueAsync(async () => await Bench.Database.ScalarAsync<long>("select count(*) from interceptions") == 1, "it is over");
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Models.Responses, token));
    }

    [Fact]
    public async Task Concurrency_IsFreedWhenTheRequestIsRefusedLater()
    {
        var token = await KeyAsync(new VirtualKeyLimits { MaxConcurrent = 1 });
        await Bench.Config.SetKeysAsync("openai");
        await Bench.AppliedAsync();

        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, await StatusAsync(Models.Responses, token)); // no_provider_key, never concurrency_limited
        }
    }

    [Fact]
    public async Task TokensPerDay_UsedUp_IsRefusedUntilMidnight()
    {
        var token = await KeyAsync(new VirtualKeyLimits { TokensPerDay = 40 });
        Bench.Expect(Models.Messages).Times(2).Reply(Models.Blocking(Models.Messages)); // 46 tokens each
        _time.Advance(TimeSpan.FromHours(23));
        using var first = await SendAsync(Bench.Request(Models.Messages), token);
        Assert.Equal(HttpStatusCode.OK, first.StatusCode);
        _ = await Bench.RecordedAsync(first);
        await Bench.Bridge.Services.GetRequiredService<TokenBudgets>().RefreshAsync(Timeouts.Token);

        await AssertRefusedAsync(Models.Messages, token, "budget_exhausted", retryAfter: 3600);
        _time.Advance(TimeSpan.FromHours(1));

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Models.Messages, token));
    }

    [Fact]
    public async Task KeyWithoutLimits_IsNotHeldToThoseOfAnother()
    {
        var token = await KeyAsync(new VirtualKeyLimits { RequestsPerMinute = 1, MaxConcurrent = 1, TokensPerDay = 1 });
        Bench.Upstream.Respond(_ => Models.Blocking(Models.Responses));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Models.Responses, token));
        Assert.Equal(HttpStatusCode.TooManyRequests, await StatusAsync(Models.Responses, token));

        Assert.Equal(HttpStatusCode.OK, await StatusAsync(Models.Responses, Bench.Token));
    }

    private async Task<string> KeyAsync(VirtualKeyLimits limits)
    {
        var token = await Bench.Config.AddVirtualKeyAsync("limited", limits: limits);
        await Bench.AppliedAsync();
        return token;
    }

    private async Task AssertRefusedAsync(string dialect, string token, string code, int retryAfter)
    {
        using var reply = await SendAsync(Bench.Request(dialect), token);
        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((HttpStatusCode.TooManyRequests, ErrorBody.ShapeOf(Models.Path(dialect)), "rate_limit_error", code), (reply.StatusCode, error.Shape, error.Type, error.Code));
        Assert.Equal(retryAfter.ToString(CultureInfo.InvariantCulture), reply.Headers.GetValues("Retry-After").Single());
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((429, "rejected", code, "limited", 0), (record.Status, record.Outcome, record.Error, record.Caller, record.Attempts));
    }

    private async Task<HttpStatusCode> StatusAsync(string dialect, string token)
    {
        using var reply = await SendAsync(Bench.Request(dialect), token);
        _ = await reply.Content.ReadAsByteArrayAsync(Timeouts.Token);
        return reply.StatusCode;
    }

    private Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, string token)
    {
        request.Headers.Authorization = new("Bearer", token);
        return Bench.SendAsync(request);
    }

    private static HttpRequestMessage Get(string path) => new(HttpMethod.Get, path);
}
