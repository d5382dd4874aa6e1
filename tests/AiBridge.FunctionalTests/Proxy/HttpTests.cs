using System.Net;
using System.Text;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

/// <summary>HTTP as odd clients speak it.</summary>
public sealed class HttpTests(EchoBench echo) : IClassFixture<EchoBench>
{
    private TestBench Bench => echo.Bench;

    [Theory]
    [InlineData("GET", "/")]
    [InlineData("HEAD", "/")]
    [InlineData("GET", "/anthropic")]
    [InlineData("HEAD", "/anthropic")]
    [InlineData("HEAD", "/anthropic/")]
    [InlineData("HEAD", "/off-openai")]
    public async Task Probe_WithoutAKey_IsAnswered(string method, string path)
    {
        using var reply = await Bench.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.DoesNotContain("html", reply.Content.Headers.ContentType?.MediaType ?? "", StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("HEAD", "/anthropic/v1/messages")]
    [InlineData("HEAD", "/anthropic/v1/models")]
    [InlineData("OPTIONS", "/anthropic/v1/messages")]
    [InlineData("POST", "/")]
    public async Task AnythingElse_WithoutAKey_IsRefused(string method, string path)
    {
        using var reply = await Bench.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));

        Assert.Equal(HttpStatusCode.Unauthorized, reply.StatusCode);
    }

    [Theory]
    [InlineData("GET", "/anthropic/v1/messages")]
    [InlineData("HEAD", "/openai/v1/responses")]
    [InlineData("PUT", "/openai/v1/chat/completions")]
    [InlineData("DELETE", "/openai/v1/responses")]
    [InlineData("TRACE", "/openai/v1/responses")]
    public async Task BridgedRoute_WrongMethod_IsRefused(string method, string path)
    {
        using var request = Bench.Post(path, "");
        request.Method = new HttpMethod(method);
        request.Content = null;
        using var reply = await Bench.SendAsync(request);

        Assert.Equal((HttpStatusCode.MethodNotAllowed, "POST"), (reply.StatusCode, reply.Content.Headers.Allow.Single()));
        if (method != "HEAD")
        {
            var error = await ErrorBody.OfAsync(reply);
            Assert.Equal((ErrorBody.ShapeOf(path), "invalid_request_error", "method_not_allowed"), (error.Shape, error.Type, error.Code));
        }

        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((405, "rejected", "method_not_allowed"), (record.Status, record.Outcome, record.Error));
    }

    [Fact]
    public async Task HttpOnePointZero_IsServed()
    {
        var reply = await RawHttp.ExchangeAsync(Bench.Bridge.Url, Post("HTTP/1.0", "Content-Length: 13\r\n", "{\"model\":\"m\"}"));

        Assert.StartsWith("HTTP/1.1 200", reply, StringComparison.Ordinal);
        Assert.DoesNotContain("chunked", reply, StringComparison.OrdinalIgnoreCase);
        Assert.Equal("{\"model\":\"m\"}", EchoReply.Parse(reply[reply.IndexOf('{', StringComparison.Ordinal)..]).Body);
    }

    [Theory]
    [InlineData("d\r\n{\"model\":\"m\"}\r\n0\r\n\r\n")]
    [InlineData("5\r\n{\"mod\r\n8;x=y\r\nel\":\"m\"}\r\n0\r\nX-Trailer: 1\r\n\r\n")]
    public async Task ChunkedBody_ArrivesWhole_AndWithItsLength(string body)
    {
        var reply = await RawHttp.ExchangeAsync(Bench.Bridge.Url, Post("HTTP/1.1", "Transfer-Encoding: chunked\r\n", body));

        Assert.StartsWith("HTTP/1.1 200", reply, StringComparison.Ordinal);
        var seen = EchoReply.Parse(reply[reply.IndexOf('{', StringComparison.Ordinal)..(reply.LastIndexOf('}') + 1)]);
        Assert.Equal(("{\"model\":\"m\"}", "13", null), (seen.Body, seen.Header("content-length"), seen.Header("transfer-encoding")));
    }

    [Fact]
    public async Task ChunkedBody_BrokenFraming_IsRefused()
    {
        var reply = await RawHttp.ExchangeAsync(Bench.Bridge.Url, Post("HTTP/1.1", "Transfer-Encoding: chunked\r\n", "zz\r\nnonsense\r\n0\r\n\r\n"));

        Assert.StartsWith("HTTP/1.1 400", reply, StringComparison.Ordinal);
        Assert.Equal("bad_request_body", ErrorBody.Parse(reply[reply.IndexOf('{', StringComparison.Ordinal)..], out _).Code);
    }

    [Fact]
    public async Task Expect100Continue_IsMetByTheBridgeAndNotPassedOn()
    {
        using var raw = await RawHttp.ConnectAsync(Bench.Bridge.Url);
        await raw.SendAsync(Post("HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 13\r\n", ""));
        Assert.StartsWith("HTTP/1.1 100 Continue\r\n\r\n", await raw.ReadUntilAsync("\r\n\r\n"), StringComparison.Ordinal);

        await raw.SendAsync("{\"model\":\"m\"}");
        var reply = await raw.ReadToEndAsync();

        Assert.StartsWith("HTTP/1.1 200", reply, StringComparison.Ordinal);
        Assert.DoesNotContain("\"expect\"", reply, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Expect100Continue_OfARefusedRequest_IsAnsweredWithoutTheBody()
    {
        using var raw = await RawHttp.ConnectAsync(Bench.Bridge.Url);
        await raw.SendAsync(Post("HTTP/1.1", "Expect: 100-continue\r\nContent-Length: 99999999\r\n", ""));

        Assert.StartsWith("HTTP/1.1 413", await raw.ReadUntilAsync("request_too_large"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Headers_LargeButBearable_ArePassedOn()
    {
        using var request = Bench.Post("/openai/v1/responses", """{"model":"m"}""");
        request.Headers.Add("x-large", new string('x', 20_000));
        using var reply = await Bench.SendAsync(request);

        Assert.Equal(20_000, (await EchoReply.OfAsync(reply)).Header("x-large")!.Length);
    }

    [Fact]
    public async Task Headers_BeyondTheLimit_AreRefusedAndTheBridgeServesOn()
    {
        using var request = Bench.Post("/openai/v1/responses", """{"model":"m"}""");
        request.Headers.Add("x-large", new string('x', 100_000));
        using var reply = await Bench.SendAsync(request);

        Assert.Equal(HttpStatusCode.RequestHeaderFieldsTooLarge, reply.StatusCode);
        using var next = await Bench.SendAsync(Bench.Post("/openai/v1/responses", """{"model":"m"}"""));
        Assert.Equal(HttpStatusCode.OK, next.StatusCode);
    }

    [Fact]
    public async Task UpgradeToSomethingElse_IsAnOrdinaryRequest()
    {
        using var request = Bench.Post("/openai/v1/responses", """{"model":"m"}""");
        request.Headers.TryAddWithoutValidation("Connection", "Upgrade, HTTP2-Settings");
        request.Headers.TryAddWithoutValidation("Upgrade", "h2c");
        request.Headers.TryAddWithoutValidation("HTTP2-Settings", "AAEAAEAAAAIAAAAB");
        using var reply = await Bench.SendAsync(request);

        var seen = await EchoReply.OfAsync(reply);
        Assert.Equal(("""{"model":"m"}""", null), (seen.Body, seen.Header("upgrade")));
        Assert.Equal("m", (await Bench.RecordedAsync(reply)).Model);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd")]
    [InlineData("br")]
    public async Task CompressedBody_IsForwardedAsItCame(string encoding)
    {
        byte[] body = [0x1f, 0x8b, .. Enumerable.Range(0, 3000).Select(i => (byte)(i * 7))];
        using var request = Bench.Post("/openai/v1/responses", "");
        request.Content = new ByteArrayContent(body);
        request.Content.Headers.Add("Content-Encoding", encoding);
        request.Content.Headers.Add("Content-Type", "application/json");
        using var reply = await Bench.SendAsync(request);

        Assert.Equal(encoding, (await EchoReply.OfAsync(reply)).Header("content-encoding"));
        Assert.Contains(Bench.Upstream.Requests, seen => seen.Body.Span.SequenceEqual(body));
        Assert.Null((await Bench.RecordedAsync(reply)).Model);
    }

    [Theory]
    [InlineData("claude-cli/2.1.86 (external, cli)", "X-Claude-Code-Session-Id", "s-1", "Claude Code")]
    [InlineData("codex_exec/0.60", "session_id", "s-2", "Codex")]
    [InlineData("mux/1", "X-Mux-Workspace-Id", "s-3", "Mux")]
    public async Task ClientAndSession_AreRecorded(string userAgent, string header, string session, string client)
    {
        using var request = Bench.Post("/openai/v1/responses", """{"model":"m"}""");
        request.Headers.TryAddWithoutValidation("User-Agent", userAgent);
        request.Headers.TryAddWithoutValidation(header, session);
        using var reply = await Bench.SendAsync(request);

        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((client, session), (record.Client, record.SessionId));
    }

    [Fact]
    public async Task SessionInTheBody_IsRecordedAndTheBodyArrivesWhole()
    {
        var body = """{"model":"m","messages":["ü"],"metadata":{"user_id":"user_1_account__session_abc-1"}}""";
        using var request = Bench.Post("/anthropic/v1/messages", body);
        request.Headers.TryAddWithoutValidation("User-Agent", "claude-cli/2.0.0");
        using var reply = await Bench.SendAsync(request);

        Assert.Equal(body, (await EchoReply.OfAsync(reply)).Body);
        Assert.Equal("abc-1", (await Bench.RecordedAsync(reply)).SessionId);
    }

    [Fact]
    public async Task LargeBody_BelowTheLimit_ArrivesWhole()
    {
        var body = $$"""{"model":"m","input":"{{new string('x', 31 * 1024 * 1024)}}"}""";
        using var reply = await Bench.SendAsync(Bench.Post("/openai/v1/responses", body));

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        Assert.Contains(Bench.Upstream.Requests, seen => seen.Body.Span.SequenceEqual(Encoding.UTF8.GetBytes(body)));
    }

    private string Post(string version, string headers, string body) =>
        $"POST /openai/v1/responses {version}\r\nHost: bridge\r\nAuthorization: Bearer {Bench.Token}\r\nConnection: close\r\n{headers}\r\n{body}";
}
