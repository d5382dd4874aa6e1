using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Transcripts;

/// <summary>Every golden transcript, in both modes and however its bytes are cut: what either side gets, byte for byte, and what is recorded.</summary>
public sealed class TranscriptTests(TranscriptBench transcripts) : IClassFixture<TranscriptBench>
{
    private TestBench Bench => transcripts.Bench;

    public static TheoryData<string, string, string> Cases { get; } =
    [
        .. from name in TranscriptLibrary.Names
           let transcript = TranscriptLibrary.Load(name)
           from mode in transcript.Modes
           from cut in transcript.In(mode).Reply.Cuts
           select new TheoryDataRow<string, string, string>(name, mode, cut),
    ];

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Transcript_IsRelayedByteForByteAndRecorded(string name, string mode, string cut)
    {
        var transcript = TranscriptLibrary.Load(name);
        var exchange = transcript.In(mode);

        using var reply = await transcripts.ExchangeAsync(transcript.Dialect, exchange, cut);

        await AssertReplyAsync(exchange, reply, cut);
        AssertRequest(transcript.Dialect, exchange, Bench.Upstream.Requests[^1]);
        await (exchange.Expected.Outcome == ExpectedRecord.None ? AssertUnrecordedAsync(reply) : AssertRecordedAsync(transcript.Dialect, exchange, reply));
    }

    // A provider's prompt cache is keyed by the request's first bytes: the same request must never differ.
    [Theory]
    [InlineData("anthropic/simple")]
    [InlineData("openai-chat/usage-asked-for-by-the-bridge")]
    [InlineData("openai-responses/codex-example")]
    public async Task SameRequest_TenTimes_IsTheSameUpstream(string name)
    {
        var transcript = TranscriptLibrary.Load(name);
        var exchange = transcript.In(Transcript.Streaming);
        for (var i = 0; i < 10; i++)
        {
            using var reply = await transcripts.ExchangeAsync(transcript.Dialect, exchange);
            _ = await reply.Content.ReadAsByteArrayAsync(Timeouts.Token);

            Assert.Equal(exchange.UpstreamBody, Bench.Upstream.Requests[^1].Body);
        }
    }

    private static async Task AssertReplyAsync(TranscriptExchange exchange, HttpResponseMessage reply, string cut)
    {
        var body = await reply.Content.ReadAsByteArrayAsync(Timeouts.Token);
        Assert.Equal(exchange.Reply.Status, (int)reply.StatusCode);
        AssertBytes(exchange.ClientBody, body);
        foreach (var (name, value) in exchange.Reply.Headers)
        {
            var headers = reply.Content.Headers.NonValidated.Contains(name) ? reply.Content.Headers.NonValidated : reply.Headers.NonValidated;
            Assert.Equal($"{name}: {value}", $"{name}: {(headers.TryGetValues(name, out var seen) ? seen.ToString() : "(none)")}");
        }

        if (cut == "whole" && !exchange.Reply.IsEventStream)
        {
            Assert.Equal(body.Length, reply.Content.Headers.ContentLength);
        }
    }

    private void AssertRequest(TranscriptDialect dialect, TranscriptExchange exchange, FakeRequest seen)
    {
        var request = exchange.Request;
        AssertBytes(exchange.UpstreamBody, seen.Body.ToArray());
        Assert.Equal(request.Target, seen.Path + seen.Query);
        Assert.All(request.Headers, header => Assert.Equal($"{header.Name}: {header.Value}", $"{header.Name}: {seen.Header(header.Name)}"));
        Assert.Equal(request.OwnCredential ? null : dialect.Key, request.OwnCredential ? null : seen.Key);
        Assert.DoesNotContain(seen.Headers, header => header.Value.ToString().Contains(Bench.Token, StringComparison.Ordinal));
    }

    private async Task AssertRecordedAsync(TranscriptDialect dialect, TranscriptExchange exchange, HttpResponseMessage reply)
    {
        var record = await Bench.RecordedAsync(reply);
        exchange.Expected.AssertEquals(record);
        Assert.Equal((dialect.Provider, dialect.ProviderType, dialect.Path), (record.Provider, record.ProviderType, record.Route));
        Assert.Equal((exchange.Reply.Status, exchange.Reply.IsEventStream, 1), (record.Status, record.Streaming, record.Attempts));
        Assert.Equal(exchange.Request.OwnCredential ? "byok" : "centralized", record.CredentialKind);
    }

    private async Task AssertUnrecordedAsync(HttpResponseMessage reply)
    {
        var later = TranscriptLibrary.Load("anthropic/simple");
        using var recorded = await transcripts.ExchangeAsync(later.Dialect, later.In(Transcript.NonStreaming));
        _ = await Bench.RecordedAsync(recorded); // records keep their order, so an earlier one would be there by now

        Assert.Null(await RecordedInterception.FindAsync(Bench.Database.DataSource, Guid.Parse(reply.Headers.GetValues("X-Trinity-Interception-Id").Single())));
    }

    // As text first, where a difference can be read.
    private static void AssertBytes(byte[] expected, byte[] actual)
    {
        Assert.Equal(System.Text.Encoding.UTF8.GetString(expected), System.Text.Encoding.UTF8.GetString(actual));
        Assert.Equal(expected, actual);
    }
}
