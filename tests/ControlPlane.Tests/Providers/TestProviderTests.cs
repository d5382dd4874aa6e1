using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Providers;

public sealed class TestProviderTests
{
    private static readonly string[] PrivateAllowed = ["--ControlPlane:AllowPrivateUpstreams", "true"];

    [Fact]
    public async Task Test_Anthropic_ListsModelsWithTheFirstKey()
    {
        await using var fake = await FakeProvider.StartAsync();
        await using var host = await ControlPlaneHost.StartAsync(PrivateAllowed);
        var (key, header) = (Canaries.New("anthropic-key"), Canaries.New("team-header"));
        fake.Expect("GET", "/base/v1/models", FakeReply.Json(200, """{"data": []}"""));
        await host.Admin.PostAsync("providers", $$$"""
            {"name": "p", "type": "anthropic", "base_url": "{{{fake.BaseUrl}}}/base", "api_keys": ["{{{key}}}", "other-key-other-key"], "settings": {"extra_headers": {"X-Team": "{{{header}}}"} } }
            """);

        var result = (await host.Admin.PostAsync("providers/p/test")).Is(200);

        Assert.Equal("true", result.At("ok"));
        Assert.Equal("200", result.At("status"));
        Assert.Null(result.At("error"));
        Assert.True(result.Json["latency_ms"]!.GetValue<double>() > 0);
        var request = Assert.Single(fake.Requests);
        Assert.Equal(key, request.Headers["x-api-key"]);
        Assert.Equal("2023-06-01", request.Headers["anthropic-version"]);
        Assert.Equal(header, request.Headers["X-Team"]);
    }

    [Fact]
    public async Task Test_OpenAi_WithAKeyNotYetSaved()
    {
        await using var fake = await FakeProvider.StartAsync();
        await using var host = await ControlPlaneHost.StartAsync(PrivateAllowed);
        var key = Canaries.New("openai-key");
        fake.Expect("GET", "/v1/models", FakeReply.Json(200, "{}"));
        await host.Admin.PostAsync("providers", $$"""{"name": "p", "type": "openai", "base_url": "{{fake.BaseUrl}}/v1/", "api_keys": ["stored-key-stored-key"]}""");

        (await host.Admin.PostAsync("providers/p/test", $$"""{"api_key": "{{key}}"}""")).Is(200);

        Assert.Equal($"Bearer {key}", Assert.Single(fake.Requests).Headers["Authorization"]);
        Assert.Equal(0, await host.Database.ScalarAsync<long>("select count(*) from ai_provider_keys where name is not null"));
    }

    [Fact]
    public async Task Test_ProviderRefuses_SaysSoWithoutItsBody()
    {
        await using var fake = await FakeProvider.StartAsync();
        await using var host = await ControlPlaneHost.StartAsync(PrivateAllowed);
        var key = Canaries.New("openai-key");
        fake.Expect("GET", "/models", FakeReply.Json(401, $$$"""{"error": {"message": "Incorrect API key provided: {{{key}}}"}}"""));
        await host.Admin.PostAsync("providers", $$"""{"name": "p", "type": "openai", "base_url": "{{fake.BaseUrl}}", "api_keys": ["{{key}}"]}""");

        var result = (await host.Admin.PostAsync("providers/p/test")).Is(200);

        Assert.Equal("false", result.At("ok"));
        Assert.Equal("401", result.At("status"));
        Assert.Contains("refuses the credential", result.At("error")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Test_Redirect_IsNotFollowed()
    {
        await using var elsewhere = await FakeProvider.StartAsync();
        await using var fake = await FakeProvider.StartAsync();
        await using var host = await ControlPlaneHost.StartAsync(PrivateAllowed);
        fake.Expect("GET", "/models", FakeReply.Redirect($"{elsewhere.BaseUrl}/models"));
        await host.Admin.PostAsync("providers", $$"""{"name": "p", "type": "openai", "base_url": "{{fake.BaseUrl}}", "api_keys": ["{{Canaries.New("openai-key")}}"]}""");

        var result = (await host.Admin.PostAsync("providers/p/test")).Is(200);

        Assert.Equal("false", result.At("ok"));
        Assert.Contains("redirects", result.At("error")!, StringComparison.Ordinal);
        Assert.Empty(elsewhere.Requests);
    }

    [Fact]
    public async Task Test_AddressForbiddenSinceItWasSaved_IsNotConnectedTo()
    {
        await using var fake = await FakeProvider.StartAsync();
        await using var lax = await ControlPlaneHost.StartAsync(PrivateAllowed);
        await lax.Admin.PostAsync("providers", $$"""{"name": "p", "type": "openai-compatible", "base_url": "{{fake.BaseUrl}}"}""");
        await using var strict = await ControlPlaneHost.StartAsync(database: lax.Database);
        var token = (await lax.Admin.PostAsync("operator-tokens", """{"name": "second", "role": "admin"}""")).At("token")!;

        var result = (await strict.As(token).PostAsync("providers/p/test")).Is(200);

        Assert.Equal("false", result.At("ok"));
        Assert.Contains("AllowPrivateUpstreams", result.At("error")!, StringComparison.Ordinal);
        Assert.Equal(0, fake.AcceptedConnections);
    }

    [Fact]
    public async Task Test_NobodyListens_OrNoKey_IsAResultNotAnError()
    {
        await using var host = await ControlPlaneHost.StartAsync(PrivateAllowed);
        await host.Admin.PostAsync("providers", $$"""{"name": "refused", "type": "openai-compatible", "base_url": "http://127.0.0.1:1"}""");
        await host.Admin.PostAsync("providers", $$"""{"name": "keyless", "type": "anthropic"}""");

        Assert.Contains("Connecting to 127.0.0.1:1 failed", (await host.Admin.PostAsync("providers/refused/test")).Is(200).At("error")!, StringComparison.Ordinal);
        Assert.Contains("no key", (await host.Admin.PostAsync("providers/keyless/test")).Is(200).At("error")!, StringComparison.Ordinal);
        (await host.Admin.PostAsync("providers/other/test")).IsProblem(404);
        Assert.NotEmpty((await host.Admin.PostAsync("providers/keyless/test", """{"api_key": "a b"}""")).IsProblem(400).ErrorsOf("api_key"));
        Assert.NotEmpty((await host.Admin.PostAsync("providers/keyless/test", """{"url": "http://x"}""")).IsProblem(400).ErrorsOf("url"));
    }
}
