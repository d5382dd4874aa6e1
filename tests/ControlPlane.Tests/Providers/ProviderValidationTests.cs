using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Providers;

public sealed class ProviderValidationTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Theory]
    [InlineData("name", """{"type": "openai"}""")]
    [InlineData("name", """{"name": null, "type": "openai"}""")]
    [InlineData("name", """{"name": "", "type": "openai"}""")]
    [InlineData("name", """{"name": 7, "type": "openai"}""")]
    [InlineData("name", """{"name": "Upper", "type": "openai"}""")]
    [InlineData("name", """{"name": "a/b", "type": "openai"}""")]
    [InlineData("name", """{"name": "a--b", "type": "openai"}""")]
    [InlineData("name", """{"name": "line\n", "type": "openai"}""")]
    [InlineData("name", """{"name": "half\ud800", "type": "openai"}""")]
    [InlineData("name", """{"name": "healthz", "type": "openai"}""")]
    [InlineData("name", """{"name": "01990000-0000-7000-8000-000000000001", "type": "openai"}""")]
    [InlineData("name", """{"name": "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "type": "openai"}""")]
    [InlineData("type", """{"name": "a"}""")]
    [InlineData("type", """{"name": "a", "type": "bedrock"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai-compatible"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": ""}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "models.example.com"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "ftp://models.example.com"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "file:///etc/passwd"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "https://user:word@models.example.com"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "https://models.example.com/?a=b"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "https://models.example.com/\r\nX-A: b"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "http://169.254.169.254/latest"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "http://[::ffff:169.254.169.254]/"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "http://[fe80::1]/"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "http://metadata.google.internal/"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "http://127.0.0.1:11434/"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "http://2130706433/"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "http://localhost/"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "http://10.1.2.3/"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "http://192.168.1.1/"}""")]
    [InlineData("base_url", """{"name": "a", "type": "openai", "base_url": "http://[fd00::1]/"}""")]
    [InlineData("display_name", """{"name": "a", "type": "openai", "display_name": " "}""")]
    [InlineData("display_name", """{"name": "a", "type": "openai", "display_name": "a\u0000b"}""")]
    [InlineData("enabled", """{"name": "a", "type": "openai", "enabled": "yes"}""")]
    [InlineData("api_keys", """{"name": "a", "type": "openai", "api_keys": "sk-1"}""")]
    [InlineData("api_keys", """{"name": "a", "type": "openai", "api_keys": ["k1", "k2", "k3", "k4", "k5", "k6"]}""")]
    [InlineData("api_keys[0]", """{"name": "a", "type": "openai", "api_keys": [{"api_key": "k1"}]}""")]
    [InlineData("api_keys[0]", """{"name": "a", "type": "openai", "api_keys": [""]}""")]
    [InlineData("api_keys[0]", """{"name": "a", "type": "openai", "api_keys": [" k1"]}""")]
    [InlineData("api_keys[1]", """{"name": "a", "type": "openai", "api_keys": ["k1", "k2\r\nX-Injected: 1"]}""")]
    [InlineData("api_keys[1]", """{"name": "a", "type": "openai", "api_keys": ["k1", "k1"]}""")]
    [InlineData("api_keys[0]", """{"name": "a", "type": "openai", "api_keys": ["trk_0123456789"]}""")]
    [InlineData("settings", """{"name": "a", "type": "openai", "settings": []}""")]
    [InlineData("settings.color", """{"name": "a", "type": "openai", "settings": {"color": 1}}""")]
    [InlineData("settings.extra_headers", """{"name": "a", "type": "openai", "settings": {"extra_headers": {"X Y": "1"}}}""")]
    [InlineData("settings.extra_headers.X-A", """{"name": "a", "type": "openai", "settings": {"extra_headers": {"X-A": "1\r\nX-B: 2"}}}""")]
    [InlineData("settings.extra_headers.Authorization", """{"name": "a", "type": "openai", "settings": {"extra_headers": {"Authorization": "Bearer 1"}}}""")]
    [InlineData("settings.extra_headers.X-Trinity-Key", """{"name": "a", "type": "openai", "settings": {"extra_headers": {"X-Trinity-Key": "1"}}}""")]
    [InlineData("settings.extra_headers.x-a", """{"name": "a", "type": "openai", "settings": {"extra_headers": {"X-A": "1", "x-a": "2"}}}""")]
    [InlineData("settings.first_byte_timeout_seconds", """{"name": "a", "type": "openai", "settings": {"first_byte_timeout_seconds": 0}}""")]
    [InlineData("settings.idle_timeout_seconds", """{"name": "a", "type": "openai", "settings": {"idle_timeout_seconds": 99999999999}}""")]
    [InlineData("settings.idle_timeout_seconds", """{"name": "a", "type": "openai", "settings": {"idle_timeout_seconds": 1.5}}""")]
    [InlineData("settings.circuit_breaker", """{"name": "a", "type": "openai", "settings": {"circuit_breaker": true}}""")]
    [InlineData("settings.circuit_breaker.threshold", """{"name": "a", "type": "openai", "settings": {"circuit_breaker": {"threshold": 5}}}""")]
    [InlineData("settings.circuit_breaker.failure_threshold", """{"name": "a", "type": "openai", "settings": {"circuit_breaker": {"failure_threshold": 0}}}""")]
    [InlineData("settings.circuit_breaker.max_requests", """{"name": "a", "type": "openai", "settings": {"circuit_breaker": {"max_requests": 1001}}}""")]
    [InlineData("settings.circuit_breaker.timeout_seconds", """{"name": "a", "type": "openai", "settings": {"circuit_breaker": {"timeout_seconds": 3601}}}""")]
    [InlineData("settings.circuit_breaker.interval_seconds", """{"name": "a", "type": "openai", "settings": {"circuit_breaker": {"interval_seconds": "10"}}}""")]
    [InlineData("id", """{"name": "a", "type": "openai", "id": "01990000-0000-7000-8000-000000000001"}""")]
    [InlineData("version", """{"name": "a", "type": "openai", "version": 7}""")]
    public async Task Create_BadField_IsNamed_AndNothingIsStored(string field, string body)
    {
        var before = await shared.Host.RevisionAsync();

        var reply = (await shared.Host.Admin.PostAsync("providers", body)).IsProblem(400);

        Assert.NotEmpty(reply.ErrorsOf(field));
        Assert.Single(reply.Json["errors"]!.AsObject());
        Assert.Equal(before, await shared.Host.RevisionAsync());
    }

    [Fact]
    public async Task Create_ManyBadFields_AreReportedAtOnce()
    {
        var reply = (await shared.Host.Admin.PostAsync("providers", """
            {"name": "A", "type": "x", "base_url": "nowhere", "enabled": 1, "api_keys": ["a b", 7], "settings": {"idle_timeout_seconds": -1}, "role": "admin"}
            """)).IsProblem(400);

        var fields = reply.Json["errors"]!.AsObject().Select(error => error.Key).Order(StringComparer.Ordinal);
        Assert.Equal(["api_keys[0]", "api_keys[1]", "base_url", "enabled", "name", "role", "settings.idle_timeout_seconds", "type"], fields);
    }

    [Fact]
    public async Task Create_BadKey_IsNotRepeatedInTheError()
    {
        var secret = Canaries.New("openai-key");
        (await shared.Host.Admin.PostAsync("providers", $$"""{"name": "a", "type": "openai", "api_keys": ["{{secret}} "], "settings": {"extra_headers": {"X-A": "{{secret}}\n"} } }""")).IsProblem(400);
        (await shared.Host.Admin.PostAsync("providers", $$"""{"name": "a", "type": "openai", "api_keys": ["{{secret}}" """)).IsProblem(400);
    }

    [Fact]
    public async Task Create_PrivateUpstreamWhereAllowed_IsFine_ButNeverMetadata()
    {
        await using var host = await ControlPlaneHost.StartAsync(["--ControlPlane:AllowPrivateUpstreams", "true"]);

        (await host.Admin.PostAsync("providers", """{"name": "local", "type": "openai-compatible", "base_url": "http://127.0.0.1:11434/v1"}""")).Is(201);
        (await host.Admin.PostAsync("providers", """{"name": "meta", "type": "openai-compatible", "base_url": "http://169.254.169.254/"}""")).IsProblem(400);
    }
}
