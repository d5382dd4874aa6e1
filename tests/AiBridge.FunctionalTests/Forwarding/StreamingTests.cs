using System.Globalization;
using System.Text;
using Trinity.AiBridge.FunctionalTests.Proxy;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

public sealed class StreamingTests
{
    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    [InlineData(Models.Responses)]
    public async Task Frame_ReachesTheClient_BeforeTheNextIsSent(string dialect)
    {
        await using var bench = await TestBench.StartAsync([Models.Provider(dialect)]);
        await AssertFrameByFrameAsync(bench, dialect, Models.Json(stream: true), Models.Streaming(dialect));
    }

    [Fact]
    public async Task Frame_OfAChatWhoseUsageWeAskedFor_ReachesTheClientBeforeTheNextIsSent()
    {
        await using var bench = await TestBench.StartAsync(["openai"]);
        var text = OpenAiChatCompletion.Saying("One two three.");
        await AssertFrameByFrameAsync(bench, Models.Chat, """{"model":"m","stream":true}""", text.Streaming(includeUsage: true), text.Frames(includeUsage: true).SkipLast(2).Append(SseFrame.Done));
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    [InlineData(Models.Responses)]
    public async Task Silence_IsFilledWithPings_AndTheRestIsUnaltered(string dialect)
    {
        await using var bench = await TestBench.StartAsync([Models.Provider(dialect)], ["AiBridge:PingInterval=00:00:00.05"]);
        var gate = new FakeGate();
        var answer = Models.Streaming(dialect);
        bench.Expect(dialect).Reply(answer.GatedBy(gate));
        using var reply = new ArrivingReply(await bench.SendAsync(bench.Request(dialect, stream: true)));
        var ping = Models.Ping(dialect);
        var first = Encoding.UTF8.GetString(answer.Pieces[0].Span);

        await reply.WhenContainsAsync(ping + ping); // before the first frame
        gate.Release();
        await reply.WhenContainsAsync(first);
        await reply.WhenContainsAsync(first + ping); // and between frames
        gate.Open();

        Assert.Equal(Unpinged(answer.BodyText(), ping), Unpinged(await reply.ToEndAsync(), ping));
    }

    // The HTTP client hands a chunked reply on in pieces of 4 KB; each would be a chunk, a write and a segment of its own.
    [Fact]
    public async Task EventsThatAreThereTogether_GoOutInFewChunks()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        var answer = Models.Streaming(Models.Messages, string.Join(' ', Enumerable.Repeat("word", 300))).SplitAt();
        bench.Expect(Models.Messages).Reply(answer);
        var body = Models.Json(stream: true);

        var reply = await RawHttp.ExchangeAsync(bench.Bridge.Url, $"POST /anthropic/v1/messages HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer {bench.Token}\r\nConnection: close\r\nContent-Length: {body.Length}\r\n\r\n{body}");

        var chunks = ChunksOf(reply[(reply.IndexOf("\r\n\r\n", StringComparison.Ordinal) + 4)..]);
        Assert.Equal(answer.BodyText(), string.Concat(chunks));
        Assert.InRange(answer.BodyText().Length, 32 * 1024, 64 * 1024);
        Assert.InRange(chunks.Count, 1, 4);
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    public async Task SlowBytes_ArePingedOnlyBetweenFrames(string dialect)
    {
        await using var bench = await TestBench.StartAsync([Models.Provider(dialect)], ["AiBridge:PingInterval=00:00:00.03"]);
        var answer = Models.Streaming(dialect, "A b.").SplitEvery(40).PacedBy(TimeSpan.FromMilliseconds(50));
        bench.Expect(dialect).Reply(answer);

        using var reply = await bench.SendAsync(bench.Request(dialect, stream: true));
        var text = await reply.Content.ReadAsStringAsync(Timeouts.Token);

        var ping = Models.Ping(dialect);
        Assert.Equal(Unpinged(answer.BodyText(), ping), Unpinged(text, ping));
        foreach (var before in text.Split(ping)[..^1])
        {
            Assert.True(before.Length == 0 || before.EndsWith("\n\n", StringComparison.Ordinal), $"A ping follows: {before}");
        }
    }

    [Fact]
    public async Task Upstream_ThatIsGone_IsNotCoveredByPings()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], ["AiBridge:PingInterval=00:00:00.02"]);
        var answer = Models.Streaming(Models.Messages);
        bench.Expect(Models.Messages).Reply(answer.ResetAfter(answer.Pieces[0].Length));

        using var reply = await bench.SendAsync(bench.Request(Models.Messages, stream: true));

        Assert.EndsWith("}\n\n", await reply.Content.ReadAsStringAsync(Timeouts.Token), StringComparison.Ordinal); // it ended
    }

    [Fact]
    public async Task BlockingReply_HasNoPings()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], ["AiBridge:PingInterval=00:00:00.02"]);
        var answer = Models.Blocking(Models.Messages).SplitEvery(60).PacedBy(TimeSpan.FromMilliseconds(60));
        bench.Expect(Models.Messages).Reply(answer);

        using var reply = await bench.SendAsync(bench.Request(Models.Messages));

        Assert.Equal(answer.BodyText(), await reply.Content.ReadAsStringAsync(Timeouts.Token));
    }

    [Fact]
    public async Task Stream_IsToldByTheContentType_NotByTheRequest()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Expect(Models.Messages).Reply(Models.Blocking(Models.Messages));
        bench.Expect(Models.Messages).Reply(Models.Streaming(Models.Messages));

        using var json = await bench.SendAsync(bench.Request(Models.Messages, stream: true));
        using var stream = await bench.SendAsync(bench.Request(Models.Messages, stream: false));

        foreach (var (reply, streaming) in new[] { (json, false), (stream, true) })
        {
            Assert.Equal(streaming, (await bench.RecordedAsync(reply)).Streaming);
            Assert.Equal((12, 34), ((await bench.RecordedAsync(reply)).Input, (await bench.RecordedAsync(reply)).Output));
        }
    }

    [Fact]
    public async Task Stream_CompressedAgainstOurWish_PassesUnread()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        var answer = Models.Streaming(Models.Messages).Gzipped();
        bench.Expect(Models.Messages).Reply(answer);

        using var reply = await bench.SendAsync(bench.Request(Models.Messages, stream: true));

        Assert.Equal(answer.BodyBytes(), await reply.Content.ReadAsByteArrayAsync(Timeouts.Token));
        Assert.Equal("gzip", reply.Content.Headers.ContentEncoding.Single());
        var record = await bench.RecordedAsync(reply);
        Assert.Equal(("completed", true, null), (record.Outcome, record.Streaming, record.Input));
    }

    private static Task AssertFrameByFrameAsync(TestBench bench, string dialect, string request, FakeReply answer) =>
        AssertFrameByFrameAsync(bench, dialect, request, answer, answer.Pieces.Select(piece => Encoding.UTF8.GetString(piece.Span)));

    private static List<string> ChunksOf(string body)
    {
        List<string> chunks = [];
        while (true)
        {
            var line = body.IndexOf("\r\n", StringComparison.Ordinal);
            var length = int.Parse(body[..line], NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (length == 0)
            {
                return chunks;
            }

            chunks.Add(body.Substring(line + 2, length));
            body = body[(line + 2 + length + 2)..];
        }
    }

    private static async Task AssertFrameByFrameAsync(TestBench bench, string dialect, string request, FakeReply answer, IEnumerable<string> visible)
    {
        var gate = new FakeGate();
        bench.Expect(dialect).Reply(answer.GatedBy(gate));
        using var reply = new ArrivingReply(await bench.SendAsync(bench.Post($"/{Models.Provider(dialect)}{Models.Path(dialect)}", request)));
        var expected = "";
        foreach (var frame in visible)
        {
            if (frame == SseFrame.Done && answer.Pieces.Count > visible.Count())
            {
                gate.Release(); // the frame that the client does not see
            }

            gate.Release();
            expected += frame;
            await reply.WhenSeenAsync(expected);
        }

        Assert.Equal(expected, await reply.ToEndAsync());
    }

    // The provider's own pings look like ours.
    private static string Unpinged(string text, string ping) => text.Replace(ping, "", StringComparison.Ordinal);
}
