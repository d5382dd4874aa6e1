using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

/// <summary>The provider's key may be privileged: no spelling of a path may lead it where the allow-list does not.</summary>
public sealed class PathTests(EchoBench echo) : IClassFixture<EchoBench>
{
    private TestBench Bench => echo.Bench;

    [Theory]
    [InlineData("/openai/v1/models/%2e%2e/%2e%2e/admin")]
    [InlineData("/openai/v1/models/../organization/keys")]
    [InlineData("/openai/v1/models/..%2forganization%2fkeys")]
    [InlineData("/openai/v1/models/..%5corganization")]
    [InlineData("/openai/v1/models/..\\organization")]
    [InlineData("/openai/v1/models/%252e%252e/organization")]
    [InlineData("/openai/v1/models/%25252e%25252e/organization")]
    [InlineData("/openai/v1/models/%2e%2e%2forganization")]
    [InlineData("/openai/v1/models/.%2e/organization")]
    [InlineData("/openai/v1/models/..;/organization")]
    [InlineData("/openai/v1/models/..")]
    [InlineData("/openai/v1/models//organization")]
    [InlineData("//openai/v1/models")]
    [InlineData("/openai//v1/models")]
    [InlineData("/openai/v1//models")]
    [InlineData("/openai%2fv1/models")]
    [InlineData("/openai/v1/models%2f..%2f..%2fadmin")]
    [InlineData("/openai/v1/%6dodels%2Fx")]
    [InlineData("/anthropic/v1/models/../organizations")]
    [InlineData("/anthropic/api/event_logging/..%2f..%2fv1%2forganizations")]
    [InlineData("/anthropic/v1/messages%2fbatches")]
    [InlineData("/anthropic/v1/messages/%2e%2e/files")]
    [InlineData("/anthropic/v1/models/%00")]
    [InlineData("/anthropic/v1/models/a%0d%0aX-Injected:%201")]
    public async Task TrickyPath_NeverReachesAnythingUnlisted(string path)
    {
        var before = Bench.Upstream.Requests.Count;
        var reply = await RawHttp.ExchangeAsync(Bench.Bridge.Url, $"GET {path} HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer {Bench.Token}\r\nConnection: close\r\n\r\n");

        var status = reply.Split(' ')[1];
        if (status == "200")
        {
            // Allowed only where every server reads the same, listed path.
            var seen = EchoReply.Parse(reply[reply.IndexOf('{', StringComparison.Ordinal)..(reply.LastIndexOf('}') + 1)]);
            Assert.Matches(@"^/v1/models(/[A-Za-z0-9%.:-]+)?\z", seen.Path);
            Assert.DoesNotMatch(@"(?i)\.\.|%2e|%2f|%5c|%25|\\|//", seen.Path);
            Assert.False(seen.Headers.ContainsKey("x-injected"));
        }
        else
        {
            Assert.True(status is "404" or "400", reply);
            Assert.Equal(before, Bench.Upstream.Requests.Count);
        }
    }

    [Theory]
    [InlineData("/openai/v1/mod%65ls", "/v1/models")]
    [InlineData("/open%61i/v1/models/gpt-5", "/v1/models/gpt-5")]
    [InlineData("/openai/v1/models/./gpt-5", "/v1/models/gpt-5")]
    [InlineData("/openai/v1/models/ft:gpt-5:org::id", "/v1/models/ft:gpt-5:org::id")]
    [InlineData("/openai/v1/models/d%C3%A9j%C3%A0", "/v1/models/d%C3%A9j%C3%A0")]
    [InlineData("/openai/v1/models/a%20b", "/v1/models/a%20b")]
    [InlineData("/openai/v1/models/a%3Fb%23c", "/v1/models/a%3Fb%23c")]
    public async Task EncodedPath_ThatMeansAListedOne_ReachesIt(string path, string upstreamPath)
    {
        var reply = await RawHttp.ExchangeAsync(Bench.Bridge.Url, $"GET {path} HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer {Bench.Token}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", reply, StringComparison.Ordinal);
        Assert.Contains($"\"path\":\"{upstreamPath}\"", reply, StringComparison.Ordinal);
    }

    // Neither is a valid escape twice over: they are refused as any other path that is not listed, in the provider's shape.
    [Theory]
    [InlineData("/anthropic/%zz", ErrorBody.Anthropic)]
    [InlineData("/anthropic/%25", ErrorBody.Anthropic)]
    [InlineData("/anthropic/v1/models/%zz", ErrorBody.Anthropic)]
    [InlineData("/anthropic/v1/models/%25", ErrorBody.Anthropic)]
    [InlineData("/openai/%zz", ErrorBody.OpenAi)]
    [InlineData("/openai/%25", ErrorBody.OpenAi)]
    [InlineData("/openai/%", ErrorBody.OpenAi)]
    [InlineData("/openai/v1/responses/%zz", ErrorBody.OpenAi)]
    [InlineData("/openai/v1/conversations/%25", ErrorBody.OpenAi)]
    public async Task Path_WithABrokenEscape_IsRefusedInTheProvidersShape(string path, string shape)
    {
        var before = Bench.Upstream.Requests.Count;
        var reply = await RawHttp.ExchangeAsync(Bench.Bridge.Url, $"GET {path} HTTP/1.1\r\nHost: bridge\r\nAuthorization: Bearer {Bench.Token}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 404", reply, StringComparison.Ordinal);
        var error = ErrorBody.Parse(reply[reply.IndexOf('{', StringComparison.Ordinal)..(reply.LastIndexOf('}') + 1)], out _);
        Assert.Equal((shape, "route_not_supported"), (error.Shape, error.Code));
        Assert.Equal(before, Bench.Upstream.Requests.Count);
    }

    [Fact]
    public async Task AbsoluteForm_OfAnotherHost_StaysWithTheProvider()
    {
        var reply = await RawHttp.ExchangeAsync(
            Bench.Bridge.Url, $"GET http://evil.example/openai/v1/models HTTP/1.1\r\nHost: evil.example\r\nAuthorization: Bearer {Bench.Token}\r\nConnection: close\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", reply, StringComparison.Ordinal);
        Assert.Contains($"\"host\":\"127.0.0.1:{Bench.Upstream.Port}\"", reply, StringComparison.Ordinal);
    }
}
