using System.Net;
using Trinity.AiBridge.FunctionalTests.Recording;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

public sealed class RouteTests(EchoBench echo) : IClassFixture<EchoBench>
{
    private TestBench Bench => echo.Bench;

    [Theory]
    [InlineData("/anthropic/v1/messages", "/v1/messages")]
    [InlineData("/anthropic-path/v1/messages", "/api/v1/messages")]
    [InlineData("/anthropic-v1/v1/messages", "/v1/messages")]
    [InlineData("/openai/v1/chat/completions", "/v1/chat/completions")]
    [InlineData("/openai/v1/responses", "/v1/responses")]
    [InlineData("/openai-path/v1/chat/completions", "/api/v1/chat/completions")]
    [InlineData("/openai-path/v1/responses", "/api/v1/responses")]
    [InlineData("/compatible/v1/chat/completions", "/openai/chat/completions")]
    [InlineData("/compatible/v1/responses", "/openai/responses")]
    [InlineData("/router/v1/chat/completions", "/api/v1/chat/completions")]
    public async Task BridgedRoute_AnyBasePath_ReachesTheUpstreamAndIsRecorded(string path, string upstreamPath)
    {
        using var reply = await Bench.SendAsync(Bench.Post(path + "?beta=true&a=%20b", """{"model":"m"}"""));

        var seen = await EchoReply.OfAsync(reply);
        Assert.Equal(("POST", upstreamPath, "?beta=true&a=%20b", """{"model":"m"}"""), (seen.Method, seen.Path, seen.Query, seen.Body));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((path.Split('/')[1], path[path.IndexOf("/v1", 2, StringComparison.Ordinal)..], "m"), (record.Provider, record.Route, record.Model));
    }

    [Theory]
    [InlineData("POST", "/anthropic/v1/messages/count_tokens", "/v1/messages/count_tokens")]
    [InlineData("GET", "/anthropic/v1/models", "/v1/models")]
    [InlineData("GET", "/anthropic-path/v1/models/claude-x", "/api/v1/models/claude-x")]
    [InlineData("POST", "/anthropic/api/event_logging/batch", "/api/event_logging/batch")]
    [InlineData("GET", "/openai/v1/models", "/v1/models")]
    [InlineData("GET", "/openai-path/v1/models/gpt-5", "/api/v1/models/gpt-5")]
    [InlineData("GET", "/router/v1/models/vendor/model:free", "/api/v1/models/vendor/model:free")]
    [InlineData("GET", "/compatible/v1/models", "/openai/models")]
    [InlineData("GET", "/openai/v1/responses/resp_1", "/v1/responses/resp_1")]
    [InlineData("DELETE", "/openai/v1/responses/resp_1", "/v1/responses/resp_1")]
    [InlineData("POST", "/openai/v1/responses/compact", "/v1/responses/compact")]
    [InlineData("GET", "/openai/v1/responses/resp_1/input_items", "/v1/responses/resp_1/input_items")]
    [InlineData("POST", "/openai/v1/conversations", "/v1/conversations")]
    [InlineData("GET", "/openai/v1/conversations/conv_1/items", "/v1/conversations/conv_1/items")]
    [InlineData("POST", "/anthropic-path/v1/messages/count_tokens", "/api/v1/messages/count_tokens")]
    [InlineData("POST", "/anthropic-path/api/event_logging/batch", "/api/api/event_logging/batch")]
    [InlineData("POST", "/anthropic-v1/v1/messages/count_tokens", "/v1/messages/count_tokens")]
    [InlineData("GET", "/anthropic-v1/v1/models/claude-x", "/v1/models/claude-x")]
    [InlineData("POST", "/anthropic-v1/api/event_logging/batch", "/api/event_logging/batch")]
    [InlineData("POST", "/openai-path/v1/conversations", "/api/v1/conversations")]
    [InlineData("GET", "/openai-path/v1/responses/resp_1", "/api/v1/responses/resp_1")]
    [InlineData("POST", "/compatible/v1/conversations", "/openai/conversations")]
    [InlineData("GET", "/compatible/v1/responses/resp_1", "/openai/responses/resp_1")]
    [InlineData("GET", "/router/v1/responses/resp_1", "/api/v1/responses/resp_1")]
    public async Task PassThroughRoute_AnyMethod_ReachesTheUpstreamWithTheProvidersKey(string method, string path, string upstreamPath)
    {
        using var request = Bench.Post(path + "?limit=5", """{"x":1}""");
        request.Method = new HttpMethod(method);
        if (method != "POST")
        {
            request.Content = null;
        }

        using var reply = await Bench.SendAsync(request);

        var seen = await EchoReply.OfAsync(reply);
        Assert.Equal((method, upstreamPath, "?limit=5", method == "POST" ? """{"x":1}""" : ""), (seen.Method, seen.Path, seen.Query, seen.Body));
        Assert.StartsWith("sk-", seen.Header("x-api-key") ?? seen.Header("authorization")!["Bearer ".Length..], StringComparison.Ordinal);
        Assert.DoesNotContain(Bench.Token, seen.Text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("/anthropic/v1/complete")]
    [InlineData("/anthropic/v1/messages/")]
    [InlineData("/anthropic/v1/messages/batches")]
    [InlineData("/anthropic/v1/modelsx")]
    [InlineData("/anthropic/v1/organizations/me")]
    [InlineData("/anthropic/v1/files")]
    [InlineData("/anthropic/v1/chat/completions")]
    [InlineData("/anthropic/V1/messages")]
    [InlineData("/anthropic/api/event_logging")]
    [InlineData("/openai/v1/completions")]
    [InlineData("/openai/v1/embeddings")]
    [InlineData("/openai/v1/files")]
    [InlineData("/openai/v1/fine_tuning/jobs")]
    [InlineData("/openai/v1/organization/admin_api_keys")]
    [InlineData("/openai/v1/v1/models")]
    [InlineData("/openai/V1/models")]
    [InlineData("/openai/v1/responsesx")]
    [InlineData("/openai/v1/responses/")]
    [InlineData("/openai/v1")]
    [InlineData("/openai/chat/completions")]
    [InlineData("/openai/v1/messages")]
    [InlineData("/openai/")]
    [InlineData("/openai")]
    public async Task UnlistedPath_IsRefusedInTheProvidersShape(string path)
    {
        using var reply = await Bench.SendAsync(Bench.Post(path, """{"model":"m"}"""));

        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((HttpStatusCode.NotFound, "route_not_supported"), (reply.StatusCode, error.Code));
        Assert.Equal(path.StartsWith("/anthropic", StringComparison.Ordinal) ? (ErrorBody.Anthropic, "not_found_error") : (ErrorBody.OpenAi, "invalid_request_error"), (error.Shape, error.Type));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((404, "rejected", "route_not_supported", 0), (record.Status, record.Outcome, record.Error, record.Attempts));
    }

    [Theory]
    [InlineData("/nobody/v1/messages", ErrorBody.Anthropic)]
    [InlineData("/nobody/v1/chat/completions", ErrorBody.OpenAi)]
    [InlineData("/nobody/v1/responses", ErrorBody.OpenAi)]
    [InlineData("/Anthropic/v1/messages", ErrorBody.Anthropic)]
    [InlineData("/v1/messages", ErrorBody.Anthropic)]
    [InlineData("/", ErrorBody.OpenAi)]
    public async Task UnknownProvider_IsRefusedInTheGuessedShape(string path, string shape)
    {
        using var reply = await Bench.SendAsync(Bench.Post(path, """{"model":"m"}"""));

        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((HttpStatusCode.NotFound, shape, "unknown_provider"), (reply.StatusCode, error.Shape, error.Code));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((404, "rejected", "unknown_provider", ""), (record.Status, record.Outcome, record.Error, record.Provider));
    }

    [Theory]
    [InlineData("/off-anthropic/v1/messages")]
    [InlineData("/off-anthropic/v1/models")]
    [InlineData("/off-anthropic/anything/at/all")]
    [InlineData("/off-anthropic/")]
    [InlineData("/off-openai/v1/chat/completions")]
    [InlineData("/off-openai/v1/responses/resp_1")]
    [InlineData("/off-openai/anything")]
    [InlineData("/off-openai")]
    public async Task DisabledProvider_EveryPath_IsUnavailable(string path)
    {
        using var reply = await Bench.SendAsync(Bench.Post(path, """{"model":"m"}"""));

        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "provider_disabled"), (reply.StatusCode, error.Code));
        Assert.Equal(path.StartsWith("/off-anthropic", StringComparison.Ordinal) ? (ErrorBody.Anthropic, "overloaded_error") : (ErrorBody.OpenAi, "server_error"), (error.Shape, error.Type));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((503, "rejected", "provider_disabled"), (record.Status, record.Outcome, record.Error));
    }

    [Theory]
    [InlineData("/broken/v1/messages")]
    [InlineData("/broken/v1/chat/completions")]
    [InlineData("/broken/anything")]
    public async Task UnusableProvider_EveryPath_IsUnavailableAndTheOthersServe(string path)
    {
        using var reply = await Bench.SendAsync(Bench.Post(path, """{"model":"m"}"""));

        Assert.Equal((HttpStatusCode.ServiceUnavailable, "provider_misconfigured"), (reply.StatusCode, (await ErrorBody.OfAsync(reply)).Code));
        using var other = await Bench.SendAsync(Bench.Post("/openai/v1/responses", """{"model":"m"}"""));
        Assert.Equal(HttpStatusCode.OK, other.StatusCode);
    }

    [Theory]
    [InlineData("/keyless-anthropic/v1/messages", ErrorBody.Anthropic)]
    [InlineData("/keyless-openai/v1/responses", ErrorBody.OpenAi)]
    public async Task KeylessProvider_WithoutAnOwnCredential_IsUnavailable(string path, string shape)
    {
        using var reply = await Bench.SendAsync(Bench.Post(path, """{"model":"m"}"""));

        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, shape, "no_provider_key"), (reply.StatusCode, error.Shape, error.Code));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((503, "rejected", "no_provider_key"), (record.Status, record.Outcome, record.Error));
    }

    [Fact]
    public async Task KeylessLocalProvider_IsAskedWithoutACredential()
    {
        using var reply = await Bench.SendAsync(Bench.Post("/keyless-local/v1/chat/completions", """{"model":"m"}"""));

        var seen = await EchoReply.OfAsync(reply);
        Assert.Null(seen.Header("authorization") ?? seen.Header("x-api-key"));
    }

    [Theory]
    [InlineData("/openai/v1/models/one")]
    [InlineData("/openai/v1/models/two")]
    public async Task PassThrough_IsCountedByPatternAndNotRecorded(string path)
    {
        using var metrics = new HostMetrics(Bench.Bridge);
        using var request = Bench.Post(path, "");
        request.Method = HttpMethod.Get;
        request.Content = null;
        using var reply = await Bench.SendAsync(request);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        using var later = await Bench.SendAsync(Bench.Post("/openai/v1/responses", """{"model":"m"}"""));
        _ = await Bench.RecordedAsync(later); // records keep their order, so an earlier one would be there by now

        Assert.Null(await RecordedInterception.FindAsync(Bench.Database.DataSource, Guid.Parse(reply.Headers.GetValues("X-Trinity-Interception-Id").Single())));
        Assert.Equal(1, metrics.Sums["trinity_passthrough{provider=openai,route=/v1/models/{id},method=GET}"]);
        Assert.DoesNotContain(metrics.Sums.Keys, series => series.Contains(path["/openai".Length..], StringComparison.Ordinal));
    }
}
