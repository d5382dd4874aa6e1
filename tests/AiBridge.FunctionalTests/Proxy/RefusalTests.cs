using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

/// <summary>Everything that is refused before any upstream is asked: in the vendor's shape, with the right status, and recorded.</summary>
public sealed class RefusalTests(RefusalBench refusals) : IClassFixture<RefusalBench>
{
    private static readonly string[] Paths = ["/anthropic/v1/messages", "/openai/v1/chat/completions", "/openai/v1/responses"];

    private TestBench Bench => refusals.Bench;

    public static TheoryData<string, string, string, int, string> Bodies { get; } = Cross(
    [
        ("open", "", 400, "empty_body"),
        ("open", "{not json", 400, "malformed_json"),
        ("open", "[1,2]", 400, "malformed_json"),
        ("open", "{\"messages\":[{\"role\":", 400, "malformed_json"),
        ("open", "{\"model\":\"\\ud800\"}", 400, "malformed_json"),
        ("open", "{}", 400, "model_required"),
        ("open", "{\"messages\":[],\"stream\":true}", 400, "model_required"),
        ("open", "{\"model\":5}", 400, "model_required"),
        ("some models", "{\"model\":\"bad\"}", 403, "model_not_allowed"),
        ("some models", "{\"model\":\"good\",\"model\":\"bad\"}", 400, "ambiguous_model"),
        ("some models", "{\"model\":\"good\",\"mod\\u0065l\":\"bad\"}", 400, "ambiguous_model"),
        ("some models", "{\"model\":\"good\",\"Model\":\"bad\"}", 400, "ambiguous_model"),
        ("some models", "{\"model\":\"good\",\"x\":", 400, "malformed_json"),
        ("other providers", "{\"model\":\"m\"}", 403, "provider_not_allowed"),
        ("unknown", "{\"model\":\"m\"}", 401, "unknown_virtual_key"),
        ("provider's", "{\"model\":\"m\"}", 401, "unknown_virtual_key"),
        ("revoked", "{\"model\":\"m\"}", 401, "revoked_virtual_key"),
        ("expired", "{\"model\":\"m\"}", 401, "expired_virtual_key"),
    ]);

    [Theory]
    [MemberData(nameof(Bodies))]
    public async Task Request_ThatMayNotPass_IsRefusedAndRecorded(string path, string key, string body, int status, string code)
    {
        using var request = Bench.Post(path, body);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", refusals.Token(key));
        using var reply = await Bench.SendAsync(request);

        await AssertRefusedAsync(reply, path, status, code);
        Assert.Equal(status == 401 ? null : key == "open" ? "tester" : key, (await Bench.RecordedAsync(reply)).Caller);
    }

    [Theory]
    [InlineData("/anthropic/v1/messages")]
    [InlineData("/openai/v1/responses")]
    public async Task Request_WithoutAnyKey_IsRefused(string path)
    {
        using var request = Bench.Post(path, """{"model":"m"}""");
        request.Headers.Authorization = null;
        using var reply = await Bench.SendAsync(request);

        await AssertRefusedAsync(reply, path, 401, "no_virtual_key");
        Assert.Equal("Bearer", reply.Headers.WwwAuthenticate.ToString());
    }

    [Theory]
    [InlineData("/anthropic/v1/messages", false)]
    [InlineData("/anthropic/v1/messages", true)]
    [InlineData("/openai/v1/chat/completions", false)]
    [InlineData("/openai/v1/responses", true)]
    [InlineData("/openai/v1/conversations", false)]
    public async Task Body_Of33MiB_IsRefusedWithAReadableReply(string path, bool chunked)
    {
        var body = new byte[33 * 1024 * 1024];
        Encoding.ASCII.GetBytes("{\"model\":\"m\",\"x\":\"").CopyTo(body, 0);
        using var request = Bench.Post(path, "");
        request.Content = new ByteArrayContent(body);
        request.Headers.TransferEncodingChunked = chunked;
        using var reply = await Bench.SendAsync(request);

        await AssertRefusedAsync(reply, path, 413, "request_too_large");
    }

    [Theory]
    [InlineData("/anthropic/v1/messages")]
    [InlineData("/openai/v1/responses")]
    public async Task Body_AnnouncedTooLong_IsRefusedBeforeItIsSent(string path)
    {
        using var raw = await RawHttp.ConnectAsync(Bench.Bridge.Url);
        await raw.SendAsync(string.Create(CultureInfo.InvariantCulture,
            $"POST {path} HTTP/1.1\r\nHost: bridge\r\nx-api-key: {Bench.Token}\r\nContent-Length: {33 * 1024 * 1024}\r\n\r\n"));

        var reply = await raw.ReadUntilAsync("request_too_large");

        Assert.StartsWith("HTTP/1.1 413", reply, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/anthropic/v1/messages")]
    [InlineData("/openai/v1/responses")]
    [InlineData("/openai/v1/responses/compact")]
    [InlineData("/anthropic/v1/messages/count_tokens")]
    public async Task CompressedBody_OfACallerWithSomeModels_IsRefused(string path)
    {
        using var request = Bench.Post(path, "");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", refusals.Token("some models"));
        request.Content = new ByteArrayContent([0x1f, 0x8b, 8, 0]);
        request.Content.Headers.Add("Content-Encoding", "gzip");
        using var reply = await Bench.SendAsync(request);

        await AssertRefusedAsync(reply, path, 400, "unreadable_model");
    }

    [Theory]
    [InlineData("/openai/v1/responses/compact", "{\"model\":\"bad\"}", 403, "model_not_allowed")]
    [InlineData("/anthropic/v1/messages/count_tokens", "{\"model\":\"bad\"}", 403, "model_not_allowed")]
    [InlineData("/openai/v1/responses/compact", "{\"model\":\"good\",\"MODEL\":\"bad\"}", 400, "ambiguous_model")]
    [InlineData("/openai/v1/responses/compact", "{\"model\":\"good\"", 400, "malformed_json")]
    public async Task PassThrough_OfACallerWithSomeModels_IsHeldToThem(string path, string body, int status, string code)
    {
        using var request = Bench.Post(path, body);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", refusals.Token("some models"));
        using var reply = await Bench.SendAsync(request);

        await AssertRefusedAsync(reply, path, status, code);
    }

    [Theory]
    [InlineData("/anthropic/v1/messages", "{\"model\":\"fine-1\"}")]
    [InlineData("/openai/v1/responses", "{\"x\":{\"model\":\"bad\"},\"model\":\"good\"}")]
    [InlineData("/openai/v1/responses/compact", "{\"model\":\"good\"}")]
    [InlineData("/openai/v1/conversations", "{\"items\":[]}")]
    public async Task Request_OfACallerWithSomeModels_PassesWithOneOfThem(string path, string body)
    {
        Bench.Upstream.Expect("POST", path[path.IndexOf('/', 1)..]).Where("the body is the client's", seen => seen.BodyText == body);
        using var request = Bench.Post(path, body);
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", refusals.Token("some models"));
        using var reply = await Bench.SendAsync(request);

        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
    }

    [Theory]
    [InlineData("/anthropic/v1/messages")]
    [InlineData("/openai/v1/responses")]
    public async Task Body_BrokenAfterTheModel_IsTheProvidersToJudge(string path)
    {
        const string body = "{\"model\":\"m\", broken";
        Bench.Upstream.Expect("POST", path[path.IndexOf('/', 1)..]).Where("the body is the client's", seen => seen.BodyText == body).Reply(FakeReply.Json(400, "{\"theirs\":1}"));
        using var reply = await Bench.SendAsync(Bench.Post(path, body));

        Assert.Equal((HttpStatusCode.BadRequest, "{\"theirs\":1}"), (reply.StatusCode, await reply.Content.ReadAsStringAsync(Timeouts.Token)));
    }

    private async Task AssertRefusedAsync(HttpResponseMessage reply, string path, int status, string code)
    {
        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((status, code), ((int)reply.StatusCode, error.Code));
        Assert.Equal((ErrorBody.ShapeOf(path), Type(path, status)), (error.Shape, error.Type));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((status, "rejected", code, 0), (record.Status, record.Outcome, record.Error, record.Attempts));
        Assert.Null(record.Input);
    }

    private static string Type(string path, int status) => (status, ErrorBody.ShapeOf(path)) switch
    {
        (401, _) => "authentication_error",
        (403, _) => "permission_error",
        (413, ErrorBody.Anthropic) => "request_too_large",
        _ => "invalid_request_error",
    };

    private static TheoryData<string, string, string, int, string> Cross((string Key, string Body, int Status, string Code)[] rows)
    {
        var data = new TheoryData<string, string, string, int, string>();
        foreach (var path in Paths)
        {
            foreach (var (key, body, status, code) in rows)
            {
                data.Add(path, key, body, status, code);
            }
        }

        return data;
    }
}
