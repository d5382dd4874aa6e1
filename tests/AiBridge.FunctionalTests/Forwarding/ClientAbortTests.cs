using System.Diagnostics;
using Trinity.AiBridge.FunctionalTests.Proxy;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>A client that leaves takes its upstream request with it, at once, and what it cost is recorded.</summary>
public sealed class ClientAbortTests : IAsyncLifetime
{
    private TestBench Bench { get; set; } = null!;

    public async ValueTask InitializeAsync() => Bench = await TestBench.StartAsync(["anthropic", "openai"]);

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    [Theory]
    [InlineData(Models.Messages, false)]
    [InlineData(Models.Messages, true)]
    [InlineData(Models.Chat, false)]
    [InlineData(Models.Responses, true)]
    public async Task BeforeTheHead_UpstreamIsCancelled(string dialect, bool stream)
    {
        Bench.Expect(dialect).Reply(FakeReply.Never());
        using var client = new CancellationTokenSource();
        var sending = Bench.Client.SendAsync(Bench.Request(dialect, stream), HttpCompletionOption.ResponseHeadersRead, client.Token);
        var upstream = await Bench.Upstream.WhenReceivedAsync();

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await upstream.Aborted.WaitAsync(Timeouts.Token);
        var record = await OnlyRecordAsync();
        Assert.Equal((499, "client_abort", "client_abort", null), (record.Status, record.Outcome, record.Error, record.Input));
        Assert.Empty(Bench.Bridge.Logs.Of(EventIds.UpstreamFailed)); // nothing failed
    }

    [Fact]
    public async Task AtAnyTime_UpstreamKnowsWithinAQuarterOfASecond()
    {
        var fastest = TimeSpan.MaxValue; // of a few, for a busy machine delays any single one
        for (var attempt = 1; attempt <= 5; attempt++)
        {
            Bench.Expect(Models.Responses).Reply(FakeReply.Never());
            using var client = new CancellationTokenSource();
            var sending = Bench.Client.SendAsync(Bench.Request(Models.Responses), client.Token);
            var upstream = await Bench.Upstream.WhenReceivedAsync(attempt);
            var left = Stopwatch.GetTimestamp();

            await client.CancelAsync();
            await upstream.Aborted.WaitAsync(Timeouts.Token);

            var took = Stopwatch.GetElapsedTime(left);
            fastest = took < fastest ? took : fastest;
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        }

        Assert.InRange(fastest, TimeSpan.Zero, TimeSpan.FromMilliseconds(250));
    }

    [Fact]
    public async Task InAStream_UpstreamIsCancelledAndTheTokensSeenAreRecorded()
    {
        var gate = new FakeGate();
        Bench.Expect(Models.Messages).Reply(Models.Streaming(Models.Messages).GatedBy(gate));
        gate.Release(2);
        using (var reply = new ArrivingReply(await Bench.SendAsync(Bench.Request(Models.Messages, stream: true))))
        {
            await reply.WhenContainsAsync("content_block_start");
        }

        await Bench.Upstream.Requests[0].Aborted.WaitAsync(Timeouts.Token);
        var record = await OnlyRecordAsync();
        Assert.Equal((200, "client_abort", "client_abort"), (record.Status, record.Outcome, record.Error));
        Assert.Equal((12, 1), (record.Input, record.Output));
    }

    [Fact]
    public async Task InABlockingReply_UpstreamIsCancelled()
    {
        Bench.Expect(Models.Responses).Reply(Models.Blocking(Models.Responses).HangingAfter(50));
        using (var reply = new ArrivingReply(await Bench.SendAsync(Bench.Request(Models.Responses))))
        {
            await reply.WhenContainsAsync("{");
        }

        await Bench.Upstream.Requests[0].Aborted.WaitAsync(Timeouts.Token);
        Assert.Equal("client_abort", (await OnlyRecordAsync()).Outcome);
    }

    [Fact]
    public async Task ByReset_UpstreamIsCancelled()
    {
        Bench.Expect(Models.Messages).Reply(FakeReply.Never());
        using var raw = await RawHttp.ConnectAsync(Bench.Bridge.Url);
        await raw.SendAsync($"POST /anthropic/v1/messages HTTP/1.1\r\nHost: bridge\r\nx-api-key: {Bench.Token}\r\nContent-Length: 13\r\n\r\n{{\"model\":\"m\"}}");
        var upstream = await Bench.Upstream.WhenReceivedAsync();

        raw.Reset();

        await upstream.Aborted.WaitAsync(Timeouts.Token);
        Assert.Equal("client_abort", (await OnlyRecordAsync()).Outcome);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task WhileSendingItsBody_NothingGoesUpstream(bool reset)
    {
        using (var raw = await RawHttp.ConnectAsync(Bench.Bridge.Url))
        {
            await raw.SendAsync($"POST /anthropic/v1/messages HTTP/1.1\r\nHost: bridge\r\nx-api-key: {Bench.Token}\r\nExpect: 100-continue\r\nContent-Length: 100\r\n\r\n");
            await raw.ReadUntilAsync("100 Continue"); // the bridge reads the body
            await raw.SendAsync("{\"model\":\"m\"");
            if (reset)
            {
                raw.Reset();
            }
        }

        Assert.Equal("client_abort", (await OnlyRecordAsync()).Outcome);
        Assert.Empty(Bench.Upstream.Requests);
    }

    [Fact]
    public async Task PassThrough_UpstreamIsCancelled()
    {
        Bench.Upstream.Expect("GET", "/v1/models").Reply(FakeReply.Never());
        using var client = new CancellationTokenSource();
        using var request = Bench.Post("/openai/v1/models", "");
        request.Method = HttpMethod.Get;
        request.Content = null;
        var sending = Bench.Client.SendAsync(request, client.Token);
        var upstream = await Bench.Upstream.WhenReceivedAsync();

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => sending);
        await upstream.Aborted.WaitAsync(Timeouts.Token);
    }

    [Theory]
    [InlineData(Models.Messages, "message_stop")]
    [InlineData(Models.Chat, "[DONE]")]
    [InlineData(Models.Responses, "response.completed")]
    public async Task AfterTheLastEvent_TheExchangeIsComplete(string dialect, string last)
    {
        var answer = Models.Streaming(dialect);
        Bench.Expect(dialect).Reply(answer.HangingAfter()); // the provider takes its time to close
        using (var reply = new ArrivingReply(await Bench.SendAsync(Bench.Request(dialect, stream: true))))
        {
            await reply.WhenSeenAsync(answer.BodyText());
            Assert.Contains(last, reply.Seen, StringComparison.Ordinal);
        }

        var record = await OnlyRecordAsync();
        Assert.Equal((200, "completed", null, 34), (record.Status, record.Outcome, record.Error, record.Output));
    }

    private async Task<RecordedInterception> OnlyRecordAsync()
    {
        Guid id = default;
        await Eventually.TrueAsync(async () => (id = await Bench.Database.ScalarAsync<Guid>("select id from interceptions")) != default, "the exchange is recorded");
        return await RecordedInterception.ReadAsync(Bench.Database.DataSource, id);
    }
}
