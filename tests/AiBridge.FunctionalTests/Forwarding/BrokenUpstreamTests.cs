using System.Net;
using Trinity.AiBridge.FunctionalTests.Proxy;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>Upstreams that fail: before the first byte the client gets an error in the vendor's shape, after it the stream ends in one or the connection is cut.</summary>
public sealed class BrokenUpstreamTests : IAsyncLifetime
{
    private TestBench Bench { get; set; } = null!;

    public static TheoryData<string, bool> DialectsAndModes { get; } = new()
    {
        { Models.Messages, false }, { Models.Messages, true }, { Models.Chat, false }, { Models.Chat, true }, { Models.Responses, false }, { Models.Responses, true },
    };

    public async ValueTask InitializeAsync() =>
        Bench = await TestBench.StartAsync(["anthropic", "openai"], ["AiBridge:FirstByteTimeout=00:00:01.5", "AiBridge:IdleTimeout=00:00:01"]);

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    [Theory]
    [MemberData(nameof(DialectsAndModes))]
    public async Task Refused_IsABadGateway(string dialect, bool stream)
    {
        var url = $"http://127.0.0.1:{FreePort.Next()}";
        await Bench.Config.SetBaseUrlAsync(Models.Provider(dialect), url);
        await Bench.AppliedAsync();

        await AssertErrorAsync(dialect, stream, 502, "upstream_unreachable");
    }

    [Theory]
    [MemberData(nameof(DialectsAndModes))]
    public async Task ResetBeforeTheHead_IsABadGateway(string dialect, bool stream)
    {
        Bench.Expect(dialect).Reply(FakeReply.ResetBeforeHead());

        await AssertErrorAsync(dialect, stream, 502, "upstream_failed");
    }

    [Theory]
    [MemberData(nameof(DialectsAndModes))]
    public async Task ClosedBeforeTheHead_IsABadGateway(string dialect, bool stream)
    {
        Bench.Expect(dialect).Reply(FakeReply.CloseBeforeHead());

        await AssertErrorAsync(dialect, stream, 502, "upstream_reset");
    }

    [Theory]
    [MemberData(nameof(DialectsAndModes))]
    public async Task NeverAnswers_IsAGatewayTimeout(string dialect, bool stream)
    {
        Bench.Expect(dialect).Reply(FakeReply.Never());

        await AssertErrorAsync(dialect, stream, 504, "upstream_timeout");
        await Bench.Upstream.Requests[0].Aborted.WaitAsync(Timeouts.Token); // and nothing waits on
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    [InlineData(Models.Responses)]
    public async Task Stream_CutAtAFrame_EndsInTheVendorsErrorEvent(string dialect)
    {
        var whole = Models.Streaming(dialect);
        var sent = whole.Pieces[0].Length + whole.Pieces[1].Length;
        foreach (var broken in new[] { whole.TruncatedAfter(sent), whole.ResetAfter(sent) })
        {
            Bench.Expect(dialect).Reply(broken);
            using var reply = await Bench.SendAsync(Bench.Request(dialect, stream: true));
            var text = await reply.Content.ReadAsStringAsync(Timeouts.Token);

            Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
            AssertEndsInError(dialect, text, whole.BodyText()[..sent], "upstream_truncated");
            var record = await Bench.RecordedAsync(reply);
            Assert.Equal((200, "provider_error", "upstream_truncated", true), (record.Status, record.Outcome, record.Error, record.Streaming));
        }
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    [InlineData(Models.Responses)]
    public async Task Stream_CutInsideAFrame_ClosesTheFrameFirst(string dialect)
    {
        var whole = Models.Streaming(dialect);
        var sent = whole.Pieces[0].Length + 10;
        Bench.Expect(dialect).Reply(whole.TruncatedAfter(sent));

        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream: true));

        AssertEndsInError(dialect, await reply.Content.ReadAsStringAsync(Timeouts.Token), whole.BodyText()[..sent] + "\n\n", "upstream_truncated");
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    [InlineData(Models.Responses)]
    public async Task Stream_WithALengthAndCut_EndsInTheVendorsErrorEvent(string dialect)
    {
        var whole = FakeReply.Bytes(200, "text/event-stream", Models.Streaming(dialect).BodyBytes());
        Bench.Expect(dialect).Reply(whole.TruncatedAfter(40));

        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream: true));

        AssertEndsInError(dialect, await reply.Content.ReadAsStringAsync(Timeouts.Token), whole.BodyText()[..40] + "\n\n", "upstream_truncated");
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    [InlineData(Models.Responses)]
    public async Task Stream_SilentBeforeTheFirstFrame_EndsInTheVendorsErrorEvent(string dialect)
    {
        Bench.Expect(dialect).Reply(Models.Streaming(dialect).GatedBy(new FakeGate()));

        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream: true));

        AssertEndsInError(dialect, await reply.Content.ReadAsStringAsync(Timeouts.Token), "", "upstream_idle");
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((200, "provider_error", "upstream_idle", null), (record.Status, record.Outcome, record.Error, record.FirstByteMs));
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Chat)]
    [InlineData(Models.Responses)]
    public async Task Stream_SilentInTheMiddle_EndsInTheVendorsErrorEvent(string dialect)
    {
        var whole = Models.Streaming(dialect);
        var sent = whole.Pieces[0].Length;
        Bench.Expect(dialect).Reply(whole.HangingAfter(sent));

        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream: true));

        AssertEndsInError(dialect, await reply.Content.ReadAsStringAsync(Timeouts.Token), whole.BodyText()[..sent], "upstream_idle");
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((200, "provider_error", "upstream_idle"), (record.Status, record.Outcome, record.Error));
        Assert.NotNull(record.FirstByteMs);
        await Bench.Upstream.Requests[0].Aborted.WaitAsync(Timeouts.Token);
    }

    [Theory]
    [InlineData(Models.Messages, false)]
    [InlineData(Models.Messages, true)]
    [InlineData(Models.Chat, false)]
    [InlineData(Models.Responses, true)]
    public async Task Json_CutInTheMiddle_IsNoCompleteReply(string dialect, bool reset)
    {
        foreach (var reply in new[] { Models.Blocking(dialect), Models.Blocking(dialect).SplitEvery(50) })
        {
            Bench.Expect(dialect).Reply(reset ? reply.ResetAfter(100) : reply.TruncatedAfter(100));
            var id = await AssertCutAsync(dialect);

            var record = await RecordedInterception.ReadAsync(Bench.Database.DataSource, id);
            Assert.Equal((200, "provider_error", "upstream_truncated", null), (record.Status, record.Outcome, record.Error, record.Input));
        }
    }

    [Fact]
    public async Task Json_SilentInTheMiddle_IsCutAndTheProvidersFault()
    {
        Bench.Expect(Models.Messages).Reply(Models.Blocking(Models.Messages).HangingAfter(100));

        var id = await AssertCutAsync(Models.Messages);

        var record = await RecordedInterception.ReadAsync(Bench.Database.DataSource, id);
        Assert.Equal(("provider_error", "upstream_idle"), (record.Outcome, record.Error));
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Responses)]
    public async Task Json_CutBeforeItsFirstByte_IsABadGateway(string dialect)
    {
        Bench.Expect(dialect).Reply(Models.Blocking(dialect).WithHeader("Content-Encoding", "identity").TruncatedAfter(0));

        await AssertErrorAsync(dialect, stream: false, 502, "upstream_truncated");
    }

    [Theory]
    [MemberData(nameof(DialectsAndModes))]
    public async Task AfterAFailure_TheNextRequestIsServed(string dialect, bool stream)
    {
        Bench.Expect(dialect).Reply(FakeReply.ResetBeforeHead());
        Bench.Expect(dialect).Reply(stream ? Models.Streaming(dialect) : Models.Blocking(dialect));
        await AssertErrorAsync(dialect, stream, 502, "upstream_failed");

        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream));

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal("completed", (await Bench.RecordedAsync(reply)).Outcome);
    }

    [Theory]
    [InlineData("GET", "/anthropic/v1/models", ErrorBody.Anthropic)]
    [InlineData("GET", "/openai/v1/models", ErrorBody.OpenAi)]
    public async Task PassThrough_ResetBeforeTheHead_IsABadGateway(string method, string path, string shape)
    {
        Bench.Upstream.Expect(method, "/v1/models").Reply(FakeReply.ResetBeforeHead());
        using var request = Bench.Post(path, "");
        request.Method = new HttpMethod(method);
        request.Content = null;

        using var reply = await Bench.SendAsync(request);

        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((HttpStatusCode.BadGateway, shape, "upstream_failed"), (reply.StatusCode, error.Shape, error.Code));
    }

    private async Task AssertErrorAsync(string dialect, bool stream, int status, string code)
    {
        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream));

        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((status, ErrorBody.ShapeOf(Models.Path(dialect)), code), ((int)reply.StatusCode, error.Shape, error.Code));
        Assert.Equal(dialect == Models.Messages ? status == 504 ? "timeout_error" : "api_error" : "server_error", error.Type);
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((status, "provider_error", code, 1), (record.Status, record.Outcome, record.Error, record.Attempts));
    }

    private static void AssertEndsInError(string dialect, string text, string before, string code)
    {
        Assert.StartsWith(before + Models.ErrorEvent(dialect, code), text, StringComparison.Ordinal);
        Assert.EndsWith(Models.ErrorEnd(dialect, code), text, StringComparison.Ordinal);
        Assert.Equal(2, text.Split(code).Length); // it is said once
    }

    private async Task<Guid> AssertCutAsync(string dialect)
    {
        using var reply = await Bench.SendAsync(Bench.Request(dialect));
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => reply.Content.ReadAsByteArrayAsync(Timeouts.Token));
        return Guid.Parse(reply.Headers.GetValues("X-Trinity-Interception-Id").Single());
    }
}
