using System.Net;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

public sealed class CredentialTests(EchoBench echo) : IClassFixture<EchoBench>
{
    private const string Own = "sk-ant-oat01-own-credential";

    private TestBench Bench => echo.Bench;

    public static TheoryData<string, string, string> CentralHeaders { get; } = Cross(
    [
        ("Authorization: Bearer {key}", ""),
        ("authorization: bearer {key}", ""),
        ("x-api-key: {key}", ""),
        ("X-Trinity-Key: {key}", ""),
        ("X-Trinity-Key: {key}|Authorization: Bearer {key}", ""),
        ("X-Trinity-Key: {key}|x-api-key: {key}|Authorization: Bearer {key}", ""),
        ("Authorization: Bearer {key}|x-api-key: {own}", ""),
        ("Authorization: Bearer {own}|x-api-key: {key}", ""),
        ("Authorization: Bearer {key}|api-key: {key}|X-Auth-Token: {key}|Sec-WebSocket-Protocol: key.{key}", ""),
    ]);

    public static TheoryData<string, string, string> OwnHeaders { get; } = Cross(
    [
        ("X-Trinity-Key: {key}|Authorization: Bearer {own}", "authorization"),
        ("X-Trinity-Key: {key}|x-api-key: {own}", "x-api-key"),
        ("X-Trinity-Key: {key}|Authorization: Bearer {own}|x-api-key: {key}", "authorization"),
        ("X-Trinity-Key: {key}|x-api-key: {own}|Authorization: Bearer {key}", "x-api-key"),
        ("X-Trinity-Key: {key}|x-api-key: {own}|Authorization: Bearer {key}|Authorization: Bearer {key}", "x-api-key"),
        ("X-Trinity-Key: {key}|Authorization: Bearer {own}|x-api-key: {key}|x-api-key: x", "authorization"),
    ]);

    [Theory]
    [MemberData(nameof(CentralHeaders))]
    public async Task VirtualKey_WhereverItIsSent_IsReplacedByTheProvidersKey(string path, string headers, string none)
    {
        Assert.Empty(none);
        using var reply = await SendAsync(path, headers);

        var seen = await EchoReply.OfAsync(reply);
        var anthropic = path.StartsWith("/anthropic", StringComparison.Ordinal);
        Assert.Equal(anthropic ? TestBench.KeyOf("anthropic") : null, seen.Header("x-api-key"));
        Assert.Equal(anthropic ? null : $"Bearer {TestBench.KeyOf("openai")}", seen.Header("authorization"));
        Assert.DoesNotContain(Bench.Token, seen.Text, StringComparison.Ordinal);
        Assert.DoesNotContain(Own, seen.Text, StringComparison.Ordinal);
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal(("tester", "centralized", "sk-k...6789"), (record.Caller, record.CredentialKind, record.KeyHint));
        Assert.Matches("^key:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", record.Credential);
    }

    [Theory]
    [MemberData(nameof(OwnHeaders))]
    public async Task OwnCredential_BesideTheVirtualKey_GoesUpstreamUntouchedAndAlone(string path, string headers, string where)
    {
        using var reply = await SendAsync(path, headers);

        var seen = await EchoReply.OfAsync(reply);
        Assert.Equal(where == "x-api-key" ? Own : null, seen.Header("x-api-key"));
        Assert.Equal(where == "authorization" ? $"Bearer {Own}" : null, seen.Header("authorization"));
        Assert.DoesNotContain(Bench.Token, seen.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-key-of", seen.Text, StringComparison.Ordinal);
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal(("tester", "byok", "sk-a...tial", CredentialFingerprint.Of(Own)), (record.Caller, record.CredentialKind, record.KeyHint, record.Credential));
    }

    [Theory]
    [InlineData("/keyless-anthropic/v1/messages")]
    [InlineData("/keyless-openai/v1/responses")]
    [InlineData("/keyless-anthropic/v1/models/m")]
    [InlineData("/keyless-openai/v1/models/m")]
    public async Task OwnCredential_ProviderWithoutAKey_IsServed(string path)
    {
        using var reply = await SendAsync(path, "X-Trinity-Key: {key}|Authorization: Bearer {own}");

        Assert.Equal($"Bearer {Own}", (await EchoReply.OfAsync(reply)).Header("authorization"));
    }

    [Theory]
    [InlineData("/anthropic/v1/models/m")]
    [InlineData("/openai/v1/models/m")]
    public async Task OwnCredential_PassThrough_GoesUpstreamUntouched(string path)
    {
        using var reply = await SendAsync(path, "X-Trinity-Key: {key}|x-api-key: {own}");

        var seen = await EchoReply.OfAsync(reply);
        Assert.Equal((Own, null), (seen.Header("x-api-key"), seen.Header("authorization")));
    }

    // Whoever answers TRACE sends the request back, and with it the provider's key.
    [Fact]
    public async Task Trace_OfAPassThroughRoute_IsRefusedAndReachesNobody()
    {
        using var request = Bench.Post("/openai/v1/models", "");
        (request.Method, request.Content) = (HttpMethod.Trace, null);
        var before = Bench.Upstream.Requests.Count;

        using var reply = await Bench.SendAsync(request);

        Assert.Equal((HttpStatusCode.MethodNotAllowed, "method_not_allowed"), (reply.StatusCode, (await ErrorBody.OfAsync(reply)).Code));
        Assert.Equal(before, Bench.Upstream.Requests.Count);
    }

    [Fact]
    public async Task UnknownKey_WithAnOwnCredential_IsRefused()
    {
        using var reply = await SendAsync("/anthropic/v1/messages", "X-Trinity-Key: trk_nonsense|Authorization: Bearer {own}");

        Assert.Equal((HttpStatusCode.Unauthorized, "unknown_virtual_key"), (reply.StatusCode, (await ErrorBody.OfAsync(reply)).Code));
        Assert.Equal("Bearer", reply.Headers.WwwAuthenticate.ToString());
    }

    private async Task<HttpResponseMessage> SendAsync(string path, string headers)
    {
        using var request = Bench.Post(path, """{"model":"m"}""");
        request.Headers.Authorization = null;
        foreach (var line in headers.Split('|'))
        {
            var colon = line.IndexOf(':', StringComparison.Ordinal);
            var value = line[(colon + 2)..].Replace("{key}", Bench.Token, StringComparison.Ordinal).Replace("{own}", Own, StringComparison.Ordinal);
            Assert.True(request.Headers.TryAddWithoutValidation(line[..colon], value));
        }

        return await Bench.SendAsync(request);
    }

    private static TheoryData<string, string, string> Cross((string Headers, string Where)[] rows)
    {
        var data = new TheoryData<string, string, string>();
        foreach (var path in new[] { "/anthropic/v1/messages", "/openai/v1/chat/completions", "/openai/v1/responses" })
        {
            foreach (var (headers, where) in rows)
            {
                data.Add(path, headers, where);
            }
        }

        return data;
    }
}
