using System.Net;
using Trinity.AiBridge.FunctionalTests.Proxy;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>Upstreams that fail: before the first byte the client gets an error in the vendor's shape, after it the stream ends in one or the connection is cut.</summary>
public sealed class BrokenUpstreamTests(WireBench wire) : IClassFixture<WireBench>
{
    private TestBench Bench => wire.Bench;

    [Theory]
    [MemberData(nameof(Models.DialectsAndModes), MemberType = typeof(Models))]
    public async Task Refused_IsABadGateway(string dialect, bool stream)
    {
        var provider = $"refusing-{dialect}-{(stream ? "stream" : "json")}";
        await Bench.Config.AddProviderAsync(provider, Models.Provider(dialect), $"http://127.0.0.1:{FreePort.Next()}", ["sk-refusing-0123456789"]);
        await Bench.AppliedAsync();

        await Bench.AssertErrorAsync(dialect, stream, 502, "upstream_unreachable", provider);
    }

    [Fact]
    public async Task Refused_IsOneLogLineWithItsCauses()
    {
        await Bench.Config.AddProviderAsync("refusing-logged", "openai", $"http://127.0.0.1:{FreePort.Next()}", ["sk-refusing-0123456789"]);
        await Bench.AppliedAsync();

        await Bench.AssertErrorAsync(Models.Chat, stream: false, 502, "upstream_unreachable", "refusing-logged");

        var line = Assert.Single(Bench.Bridge.Logs.Of(EventIds.UpstreamFailed), line => line.Values.Contains(new("Provider", "refusing-logged")));
        var causes = Assert.IsType<string>(line.Values.Single(value => value.Key == "Causes").Value);
        Assert.StartsWith("HttpRequestException ConnectionError < ", causes, StringComparison.Ordinal);
        Assert.EndsWith(" < SocketException ConnectionRefused", causes, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Models.DialectsAndModes), MemberType = typeof(Models))]
    public async Task ResetBeforeTheHead_IsABadGateway(string dialect, bool stream)
    {
        Bench.Expect(dialect).Reply(FakeReply.ResetBeforeHead());

        await Bench.AssertErrorAsync(dialect, stream, 502, "upstream_failed");
    }

    [Theory]
    [MemberData(nameof(Models.DialectsAndModes), MemberType = typeof(Models))]
    public async Task ClosedBeforeTheHead_IsABadGateway(string dialect, bool stream)
    {
        Bench.Expect(dialect).Reply(FakeReply.CloseBeforeHead());

        await Bench.AssertErrorAsync(dialect, stream, 502, "upstream_reset");
    }

    [Theory]
    [MemberData(nameof(Models.DialectsAndModes), MemberType = typeof(Models))]
    public async Task ProtocolSwitch_ThatNobodyAskedFor_IsABadGateway(string dialect, bool stream)
    {
        Bench.Expect(dialect).Reply(FakeReply.Empty(101));

        await Bench.AssertErrorAsync(dialect, stream, 502, "upstream_invalid");
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
            Failures.AssertEndsInError(dialect, text, whole.BodyText()[..sent], "upstream_truncated");
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

        Failures.AssertEndsInError(dialect, await reply.Content.ReadAsStringAsync(Timeouts.Token), whole.BodyText()[..sent] + "\n\n", "upstream_truncated");
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

        Failures.AssertEndsInError(dialect, await reply.Content.ReadAsStringAsync(Timeouts.Token), whole.BodyText()[..40] + "\n\n", "upstream_truncated");
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
            var record = await Bench.AssertCutAsync(dialect);

            Assert.Equal((200, "provider_error", "upstream_truncated", null), (record.Status, record.Outcome, record.Error, record.Input));
        }
    }

    [Theory]
    [InlineData(Models.Messages)]
    [InlineData(Models.Responses)]
    public async Task Json_CutBeforeItsFirstByte_IsABadGateway(string dialect)
    {
        Bench.Expect(dialect).Reply(Models.Blocking(dialect).WithHeader("Content-Encoding", "identity").TruncatedAfter(0));

        await Bench.AssertErrorAsync(dialect, stream: false, 502, "upstream_truncated");
    }

    [Theory]
    [MemberData(nameof(Models.DialectsAndModes), MemberType = typeof(Models))]
    public async Task AfterAFailure_TheNextRequestIsServed(string dialect, bool stream)
    {
        Bench.Expect(dialect).Reply(FakeReply.ResetBeforeHead());
        Bench.Expect(dialect).Reply(stream ? Models.Streaming(dialect) : Models.Blocking(dialect));
        await Bench.AssertErrorAsync(dialect, stream, 502, "upstream_failed");

        using var reply = await Bench.SendAsync(Bench.Request(dialect, stream));

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Equal("completed", (await Bench.RecordedAsync(reply)).Outcome);
    }

    [Theory]
    [InlineData("GET", "/anthropic/v1/models", ErrorBody.Anthropic)]
    [InlineData("GET", "/openai/v1/models", ErrorBody.OpenAi)]
    public async Task PassThrough_ResetBeforeTheHead_IsABadGateway(string method, string path, string shape)
    {
        await using var bench = await TestBench.StartAsync(["anthropic", "openai"]); // on a connection that was used before, a GET would be tried again
        bench.Upstream.Expect(method, "/v1/models").Reply(FakeReply.ResetBeforeHead());
        using var request = bench.Post(path, "");
        request.Method = new HttpMethod(method);
        request.Content = null;

        using var reply = await bench.SendAsync(request);

        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((HttpStatusCode.BadGateway, shape, "upstream_failed"), (reply.StatusCode, error.Shape, error.Code));
    }
}
