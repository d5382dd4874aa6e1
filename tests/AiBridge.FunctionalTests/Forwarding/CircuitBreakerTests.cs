using System.Net;
using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AiBridge.FunctionalTests.Recording;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>Circuit breakers over the wire: three failures open a circuit for 30 s, then two requests try.</summary>
public sealed class CircuitBreakerTests : IAsyncLifetime
{
    private static readonly ProviderSettings Guarded = new() { CircuitBreaker = new() { FailureThreshold = 3, IntervalSeconds = 10, TimeoutSeconds = 30, MaxRequests = 2 } };

    private readonly ManualTimeProvider _time = new();
    private volatile int _status = 503;

    private TestBench Bench { get; set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Bench = await TestBench.StartAsync([], startBridge: false);
        foreach (var type in new[] { "anthropic", "openai" })
        {
            await Bench.Config.AddProviderAsync(type, type, Bench.UpstreamUrl(type), [TestBench.KeyOf(type)], Guarded);
        }

        Bench.Upstream.Respond(_ => FakeReply.Json(_status, """{"type":"error","error":{"type":"overloaded_error","message":"theirs"}}"""));
        await Bench.StartBridgeAsync(configure: builder => builder.Services.AddSingleton<TimeProvider>(_time));
    }

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    [InlineData(Models.Responses)]
    public async Task ProviderFails_OpensAndRefusesAndTriesAndCloses(string dialect)
    {
        using var metrics = new HostMetrics(Bench.Bridge);
        for (var i = 0; i < 3; i++)
        {
            Assert.Contains("theirs", await (await Bench.SendAsync(Bench.Request(dialect))).Content.ReadAsStringAsync(Timeouts.Token), StringComparison.Ordinal);
        }

        using var refused = await Bench.SendAsync(Bench.Request(dialect, stream: true));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "30"), (refused.StatusCode, refused.Headers.GetValues("Retry-After").Single()));
        var error = JsonNode.Parse(await refused.Content.ReadAsStringAsync(Timeouts.Token))!["error"]!;
        Assert.Equal(dialect == Models.Messages ? "overloaded_error" : "server_error", (string?)error["type"]);
        Assert.Contains("circuit breaker is open", (string?)error["message"], StringComparison.Ordinal);
        var record = await Bench.RecordedAsync(refused);
        Assert.Equal(("provider_error", 503, "circuit_open", 0), (record.Outcome, record.Status, record.Error, record.Attempts));
        Assert.Equal(3, Bench.Upstream.Requests.Count);
        var labels = $"provider={Models.Provider(dialect)},endpoint={Models.Path(dialect)},model=m";
        Assert.Equal((1, 1), (metrics.Sums[$"trinity_circuit_breaker_trips{{{labels}}}"], metrics.Sums[$"trinity_circuit_breaker_rejects{{{labels}}}"]));

        _status = 200;
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal([200, 200, 200], await StatusesAsync(dialect, 3));
    }

    [Fact]
    public async Task HalfOpen_Failure_OpensAgain()
    {
        await StatusesAsync(Models.Messages, 3);
        _time.Advance(TimeSpan.FromSeconds(30));

        Assert.Equal([503, 503], await StatusesAsync(Models.Messages, 2));

        Assert.Equal(4, Bench.Upstream.Requests.Count); // of the two, one tried
        _status = 200;
        _time.Advance(TimeSpan.FromSeconds(30));
        Assert.Equal([200, 200, 200], await StatusesAsync(Models.Messages, 3));
    }

    [Fact]
    public async Task HalfOpen_WhileTriesRun_OthersAreRefusedForASecond()
    {
        await StatusesAsync(Models.Messages, 3);
        _time.Advance(TimeSpan.FromSeconds(30));
        var gate = new FakeGate();
        Bench.Upstream.Respond(_ => Models.Blocking(Models.Messages).HeldBy(gate));
        var tries = new[] { Bench.SendAsync(Bench.Request(Models.Messages)), Bench.SendAsync(Bench.Request(Models.Messages)) };
        await Bench.Upstream.WhenReceivedAsync(5, Timeouts.Token);

        using var other = await Bench.SendAsync(Bench.Request(Models.Messages));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "1"), (other.StatusCode, other.Headers.GetValues("Retry-After").Single()));
        gate.Open();
        Assert.All(await Task.WhenAll(tries), reply => Assert.Equal(HttpStatusCode.OK, reply.StatusCode));
        Assert.Equal([200], await StatusesAsync(Models.Messages, 1));
    }

    [Fact]
    public async Task HalfOpen_ClientLeaves_AnotherMayTry()
    {
        await StatusesAsync(Models.Messages, 3);
        _time.Advance(TimeSpan.FromSeconds(30));
        var gate = new FakeGate();
        Bench.Upstream.Respond(_ => Models.Blocking(Models.Messages).HeldBy(gate));
        using var leaving = new CancellationTokenSource();
        var tries = new[] { Bench.Client.SendAsync(Bench.Request(Models.Messages), leaving.Token), Bench.Client.SendAsync(Bench.Request(Models.Messages), leaving.Token) };
        await Bench.Upstream.WhenReceivedAsync(5, Timeouts.Token);

        await leaving.CancelAsync();
        await Task.WhenAll(tries.Select(each => Assert.ThrowsAnyAsync<OperationCanceledException>(() => each)));
        await Eventually.TrueAsync(
            async () => await Bench.Database.ScalarAsync<long>("select count(*) from interceptions where outcome = 'client_abort'") == 2, "the bridge has noticed");
        gate.Open();

        await Eventually.TrueAsync(async () => (await StatusesAsync(Models.Messages, 1))[0] == 200, "their places are free again");
    }

    [Fact]
    public async Task Unreachable_Opens()
    {
        await Bench.Config.SetBaseUrlAsync("anthropic", $"http://127.0.0.1:{FreePort.Next()}");
        await Bench.AppliedAsync();

        Assert.Equal([502, 502, 502, 503], await StatusesAsync(Models.Messages, 4));
    }

    [Fact]
    public async Task OtherModelEndpointAndProvider_AreServed()
    {
        await StatusesAsync(Models.Chat, 3);
        _status = 200;
        Assert.Equal([503], await StatusesAsync(Models.Chat, 1));

        Assert.Equal([200], await StatusesAsync(Models.Responses, 1));
        Assert.Equal([200], await StatusesAsync(Models.Messages, 1));
        using var otherModel = await Bench.SendAsync(Bench.Post("/openai/v1/chat/completions", """{"model":"n"}"""));
        Assert.Equal(HttpStatusCode.OK, otherModel.StatusCode);
    }

    [Fact]
    public async Task PassThrough_IsNotGuarded()
    {
        for (var i = 0; i < 5; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/anthropic/v1/models") { Headers = { Authorization = new("Bearer", Bench.Token) } };
            using var reply = await Bench.SendAsync(request);
        }

        Assert.Equal(5, Bench.Upstream.Requests.Count);
    }

    [Fact]
    public async Task LimitOfTheClientsOwnCredential_ConcernsNobodyElse()
    {
        _status = 429;
        for (var i = 0; i < 5; i++)
        {
            using var own = Bench.Request(Models.Messages);
            own.Headers.Authorization = null;
            own.Headers.Add("X-Trinity-Key", Bench.Token);
            own.Headers.Add("x-api-key", "sk-own-credential-0123456789");
            using var reply = await Bench.SendAsync(own);
            Assert.Equal(HttpStatusCode.TooManyRequests, reply.StatusCode);
        }

        _status = 200;
        Assert.Equal([200], await StatusesAsync(Models.Messages, 1));
        Assert.Equal(6, Bench.Upstream.Requests.Count);
    }

    [Fact]
    public async Task Reload_OfAnotherProviderLeavesACircuitOpen_OfItsOwnBeginsAnew()
    {
        await StatusesAsync(Models.Messages, 3);
        _status = 200;

        await Bench.Config.EditAsync("openai", idleTimeoutSeconds: 99);
        await Bench.AppliedAsync();
        Assert.Equal([503], await StatusesAsync(Models.Messages, 1));

        await Bench.Config.SetKeysAsync("anthropic", "sk-another-key-0123456789");
        await Bench.AppliedAsync();
        Assert.Equal([200], await StatusesAsync(Models.Messages, 1));
    }

    private async Task<List<int>> StatusesAsync(string dialect, int times)
    {
        var statuses = new List<int>();
        for (var i = 0; i < times; i++)
        {
            using var reply = await Bench.SendAsync(Bench.Request(dialect));
            statuses.Add((int)reply.StatusCode);
        }

        return statuses;
    }
}
