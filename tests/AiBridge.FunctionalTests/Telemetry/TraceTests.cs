using System.Collections.Concurrent;
using System.Diagnostics;
using Trinity.AiBridge.FunctionalTests.Recording;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Telemetry;

namespace Trinity.AiBridge.FunctionalTests.Telemetry;

public sealed class TraceTests
{
    [Fact]
    public async Task Exchange_WithAListener_IsASpanWithTheConventionsAttributes()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        using var spans = new Spans();
        bench.Upstream.Expect("POST", "/v1/messages", (AnthropicMessage.Saying("Hi.") with { Usage = new AnthropicUsage(5, 7) }).Blocking());

        using var reply = await bench.SendAsync(bench.Post("/anthropic/v1/messages", """{"model":"claude-sonnet-4-5","messages":[]}"""));

        var span = await spans.OfAsync(reply);
        Assert.Equal("chat claude-sonnet-4-5", span.DisplayName);
        Assert.Equal("anthropic", span.GetTagItem("gen_ai.provider.name"));
        Assert.Equal("claude-sonnet-4-5", span.GetTagItem("gen_ai.request.model"));
        Assert.Equal(5L, span.GetTagItem("gen_ai.usage.input_tokens"));
        Assert.Equal(7L, span.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.Equal(200, span.GetTagItem("http.response.status_code"));
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
    }

    // gen_ai.provider.name is a word of the conventions, for all who use them; the name that an operator gave is ours.
    [Fact]
    public async Task Exchange_OfAProviderWithANameOfItsOwn_SpanHasItAndTheTypeAndMetricsHaveTheName()
    {
        await using var bench = await TestBench.StartAsync([]);
        await bench.Config.AddProviderAsync("team-a", "anthropic", bench.UpstreamUrl("anthropic"), [TestBench.KeyOf("anthropic")]);
        await bench.AppliedAsync();
        using var spans = new Spans();
        using var metrics = new HostMetrics(bench.Bridge);
        bench.Upstream.Expect("POST", "/v1/messages", (AnthropicMessage.Saying("Hi.") with { Usage = new AnthropicUsage(5, 7) }).Blocking());

        using var reply = await bench.SendAsync(bench.Post("/team-a/v1/messages", """{"model":"m"}"""));

        var span = await spans.OfAsync(reply);
        Assert.Equal(("team-a", "anthropic"), (span.GetTagItem("trinity.provider"), span.GetTagItem("gen_ai.provider.name")));
        await Eventually.TrueAsync(() => metrics.Sums.GetValueOrDefault("trinity_tokens{provider=team-a,model=m,type=output}") == 7, "the tokens are counted under the provider's name");
        Assert.Contains(metrics.Sums.Keys, series => series.StartsWith("trinity_interceptions{provider=team-a,", StringComparison.Ordinal));
        Assert.DoesNotContain(metrics.Sums.Keys, series => series.Contains("provider=anthropic", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Exchange_WithoutAKey_IsASpanOfNobody()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        using var spans = new Spans();
        using var request = bench.Post("/anthropic/v1/messages", """{"model":"m"}""");
        request.Headers.Authorization = null;

        using var reply = await bench.SendAsync(request);

        var span = await spans.OfAsync(reply);
        Assert.Equal((401, "no_virtual_key"), (span.GetTagItem("http.response.status_code"), span.GetTagItem("error.type")));
        Assert.Equal(ActivityStatusCode.Error, span.Status);
    }

    [Fact]
    public async Task Exchange_OfAClientWithASpan_IsItsChild()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        using var spans = new Spans();
        using var request = bench.Post("/anthropic/v1/messages", "{");
        request.Headers.Add("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");

        using var reply = await bench.SendAsync(request);

        var span = await spans.OfAsync(reply);
        Assert.Equal("0af7651916cd43dd8448eb211c80319c", span.TraceId.ToHexString());
        Assert.Equal("b7ad6b7169203331", span.ParentSpanId.ToHexString());
    }

    [Fact]
    public async Task Exchange_Refused_IsASpanWithItsError()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        using var spans = new Spans();

        using var reply = await bench.SendAsync(bench.Post("/anthropic/v1/messages", "{"));

        var span = await spans.OfAsync(reply);
        Assert.Equal("malformed_json", span.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Error, span.Status);
    }

    /// <summary>Hears every span of the bridge while it lives.</summary>
    private sealed class Spans : IDisposable
    {
        private readonly ConcurrentQueue<Activity> _ended = new();
        private readonly ActivityListener _listener;

        public Spans()
        {
            _listener = new ActivityListener
            {
                ShouldListenTo = source => source.Name == BridgeMetrics.MeterName,
                Sample = static (ref _) => ActivitySamplingResult.AllDataAndRecorded,
                ActivityStopped = _ended.Enqueue,
            };
            ActivitySource.AddActivityListener(_listener);
        }

        /// <summary>The span of one exchange; it ends just after the reply.</summary>
        public async Task<Activity> OfAsync(HttpResponseMessage reply)
        {
            var id = Guid.Parse(reply.Headers.GetValues("X-Trinity-Interception-Id").Single());
            Activity? found = null;
            await Eventually.TrueAsync(() => (found = _ended.FirstOrDefault(span => Equals(span.GetTagItem("trinity.interception.id"), id))) is not null, $"the span of {id} ended");
            return found!;
        }

        public void Dispose() => _listener.Dispose();
    }
}
