using System.Text;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

public sealed class HeaderTests(EchoBench echo) : IClassFixture<EchoBench>
{
    private static readonly string[] Paths = ["/anthropic/v1/messages", "/openai/v1/chat/completions", "/openai/v1/responses", "/openai/v1/models"];

    private TestBench Bench => echo.Bench;

    [Theory]
    [InlineData("anthropic-version", "2023-06-01")]
    [InlineData("anthropic-beta", "oauth-2025-04-20,interleaved-thinking-2025-05-14")]
    [InlineData("anthropic-dangerous-direct-browser-access", "true")]
    [InlineData("User-Agent", "claude-cli/2.1.86 (external, cli)")]
    [InlineData("OpenAI-Beta", "responses=experimental")]
    [InlineData("OpenAI-Organization", "org-1")]
    [InlineData("chatgpt-account-id", "acc-1")]
    [InlineData("originator", "codex_cli_rs")]
    [InlineData("session_id", "0199-abc")]
    [InlineData("x-claude-code-session-id", "s-1")]
    [InlineData("X-Stainless-Retry-Count", "0")]
    [InlineData("Accept", "text/event-stream")]
    [InlineData("Accept-Language", "de")]
    [InlineData("traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")]
    [InlineData("x-brand-new-header", "v=1; w=\"2\"")]
    public async Task ClientHeader_OfAnyKind_FlowsThrough(string name, string value)
    {
        foreach (var path in Paths)
        {
            var seen = await SendAsync(path, (name, value));

            Assert.Equal(value, seen.Header(name));
        }
    }

    [Theory]
    [InlineData("Cookie", "session=1")]
    [InlineData("X-Trinity-Session", "1")]
    [InlineData("X-Trinity-Interception-Id", "1")]
    [InlineData("X-AI-Bridge-Actor-ID", "root")]
    [InlineData("X-AI-Bridge-Actor-Metadata-Username", "root")]
    [InlineData("X-Forwarded-For", "10.0.0.1")]
    [InlineData("X-Forwarded-Host", "internal")]
    [InlineData("X-Forwarded-Proto", "https")]
    [InlineData("Forwarded", "for=10.0.0.1")]
    [InlineData("X-Real-IP", "10.0.0.1")]
    [InlineData("Proxy-Authorization", "Basic eDp5")]
    [InlineData("Keep-Alive", "timeout=5")]
    [InlineData("TE", "trailers")]
    public async Task ClientHeader_ThatSpoofsLeaksOrIsOfTheConnection_IsStripped(string name, string value)
    {
        foreach (var path in Paths)
        {
            Assert.Null((await SendAsync(path, (name, value))).Header(name));
        }
    }

    // Not what the standard asks for, but what programs send: names of people and projects.
    [Fact]
    public async Task Header_ThatIsNotAscii_PassesInBothDirections()
    {
        const string Name = "caf\u00e9 \u2615";
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        bench.Upstream.Expect("POST", "/v1/messages").Where("the header is as it was sent", request => request.Header("X-Title") == Name)
            .Reply(AnthropicMessage.Saying("Hi.").Blocking().WithHeader("X-Answer", Name));
        using var handler = new SocketsHttpHandler { RequestHeaderEncodingSelector = (_, _) => Encoding.UTF8, ResponseHeaderEncodingSelector = (_, _) => Encoding.UTF8 };
        using var client = new HttpClient(handler) { BaseAddress = bench.Client.BaseAddress };
        using var request = bench.Post("/anthropic/v1/messages", """{"model":"m"}""");
        request.Headers.TryAddWithoutValidation("X-Title", Name);

        using var reply = await client.SendAsync(request, Timeouts.Token);

        Assert.Equal((200, Name), ((int)reply.StatusCode, reply.Headers.GetValues("X-Answer").Single()));
    }

    [Fact]
    public async Task ClientHeader_NamedByConnection_IsStripped()
    {
        var seen = await SendAsync("/openai/v1/responses", ("Connection", "x-hop"), ("x-stay", "1"));

        Assert.Equal("1", seen.Header("x-stay"));
        Assert.DoesNotContain("x-hop", seen.Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task ClientHeader_SentTwice_ArrivesWithBothValues()
    {
        var reply = await RawHttp.ExchangeAsync(Bench.Bridge.Url, $$"""
            POST /anthropic/v1/messages HTTP/1.1
            Host: bridge
            x-api-key: {{Bench.Token}}
            anthropic-beta: one
            anthropic-beta: two,three
            Content-Length: 13
            Connection: close

            {"model":"m"}
            """.ReplaceLineEndings("\r\n"));

        Assert.Contains("\"anthropic-beta\":\"one,two,three\"", reply.Replace(", ", ",", StringComparison.Ordinal), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/anthropic/v1/messages")]
    [InlineData("/openai/v1/chat/completions")]
    [InlineData("/openai/v1/models")]
    public async Task UpstreamRequest_HasNoHeaderThatNobodyAskedFor(string path)
    {
        var seen = await SendAsync(path, ("Accept", "*/*"));

        string[] known = ["host", "content-length", "content-type", "accept", "x-api-key", "authorization"];
        Assert.Empty(seen.Headers.Keys.Except(known, StringComparer.Ordinal));
        Assert.Equal($"127.0.0.1:{Bench.Upstream.Port}", seen.Header("host"));
    }

    [Theory]
    [InlineData("/anthropic/v1/messages", null)]
    [InlineData("/openai/v1/responses", null)]
    [InlineData("/openai/v1/models", "gzip, br")]
    public async Task AcceptEncoding_IsWithheldOnlyWhereTheReplyIsObserved(string path, string? expected) =>
        Assert.Equal(expected, (await SendAsync(path, ("Accept-Encoding", "gzip, br"))).Header("accept-encoding"));

    [Fact]
    public async Task ContentType_IsPassedOnAsItWasWritten()
    {
        using var request = Bench.Post("/openai/v1/responses", """{"model":"m"}""");
        request.Content = new ByteArrayContent(Encoding.UTF8.GetBytes("""{"model":"m"}"""));
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json;charset=UTF-8;x=1");
        using var reply = await Bench.SendAsync(request);

        Assert.Equal("application/json;charset=UTF-8;x=1", (await EchoReply.OfAsync(reply)).Header("content-type"));
    }

    [Fact]
    public async Task ExtraHeaders_OfTheProvider_WinOverTheClients()
    {
        var seen = await SendAsync("/extra/v1/responses", ("OpenAI-Organization", "of the client"), ("X-Title", "of the client"));

        Assert.Equal((EchoBench.ExtraHeaderValue, "Trinity", "en"), (seen.Header("OpenAI-Organization"), seen.Header("X-Title"), seen.Header("Content-Language")));
    }

    private async Task<EchoReply> SendAsync(string path, params (string Name, string Value)[] headers)
    {
        using var request = Bench.Post(path, """{"model":"m"}""");
        if (path.EndsWith("/models", StringComparison.Ordinal))
        {
            request.Method = HttpMethod.Get;
            request.Content = null;
        }

        foreach (var (name, value) in headers)
        {
            Assert.True(request.Headers.TryAddWithoutValidation(name, value));
        }

        using var reply = await Bench.SendAsync(request);
        return await EchoReply.OfAsync(reply);
    }
}
