using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Subscriptions;

public sealed class SubscriptionProbeTests
{
    [Theory]
    [InlineData(200, "ok", "true")]
    [InlineData(401, "invalid_token", "false")]
    [InlineData(403, "invalid_token", "false")]
    [InlineData(429, "rate_limited", "true")]
    [InlineData(404, "unclear", null)]
    [InlineData(529, "unclear", null)]
    public async Task Test_UnsavedToken_IsWhatTheProviderSays(int status, string verdict, string? valid)
    {
        await using var fake = await FakeProvider.StartAsync();
        await using var host = await StartAsync(fake.BaseUrl);
        var token = Canaries.New("anthropic-oauth");
        fake.Expect("POST", "/v1/messages", FakeReply.Json(status, $$$"""{"error": {"message": "about {{{token}}}"}}"""));

        var result = (await host.Admin.PostAsync("subscriptions/test", $$"""{"token": "{{token}}"}""")).Is(200);

        Assert.Equal((verdict, valid, $"{status}"), (result.At("verdict"), result.At("valid"), result.At("status")));
        Canaries.AssertAbsentFrom(result.Text, "the reply");
        var request = Assert.Single(fake.Requests);
        Assert.Equal($"Bearer {token}", request.Headers["Authorization"]);
        Assert.Equal("oauth-2025-04-20", request.Headers["anthropic-beta"]);
        Assert.Contains("\"max_tokens\":1,", request.BodyText, StringComparison.Ordinal);
        Assert.Equal(0, await host.Database.ScalarAsync<long>("select count(*) from subscriptions"));
    }

    [Fact]
    public async Task Test_SavedSubscription_UsesItsToken()
    {
        await using var fake = await FakeProvider.StartAsync();
        await using var host = await StartAsync(fake.BaseUrl);
        var token = Canaries.New("anthropic-oauth");
        (await host.Admin.PostAsync("subscriptions", $$"""{"name": "team", "token": "{{token}}"}""")).Is(201);
        fake.Expect("POST", "/v1/messages", FakeReply.Json(200, "{}"));

        Assert.Equal("ok", (await host.Admin.PostAsync("subscriptions/test", """{"subscription": "team"}""")).Is(200).At("verdict"));

        Assert.Equal($"Bearer {token}", Assert.Single(fake.Requests).Headers["Authorization"]);
    }

    [Fact]
    public async Task Test_ProviderOutOfReach_SaysSo()
    {
        await using var host = await StartAsync($"http://127.0.0.1:{FreePort.Next()}");

        var result = (await host.Admin.PostAsync("subscriptions/test", $$"""{"token": "{{Canaries.New("anthropic-oauth")}}"}""")).Is(200);

        Assert.Equal(("unreachable", null, null), (result.At("verdict"), result.At("valid"), result.At("status")));
    }

    [Fact]
    public async Task Test_EncryptionKeyIsGone_IsAConflictWithTheRemedy()
    {
        await using var host = await StartAsync("http://127.0.0.1:9");
        (await host.Admin.PostAsync("subscriptions", $$"""{"name": "team", "token": "{{Canaries.New("anthropic-oauth")}}"}""")).Is(201);
        await host.Database.ExecuteAsync("update subscriptions set cipher_key_id = 'gone'");

        Assert.Contains("Register the subscription again", (await host.Admin.PostAsync("subscriptions/test", """{"subscription": "team"}""")).IsProblem(409).At("detail")!, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("token", "{}")]
    [InlineData("token", """{"token": "sk-ant-oat01-0123456789", "subscription": "team"}""")]
    [InlineData("token", """{"token": "two words"}""")]
    [InlineData("subscription", """{"subscription": "nobody"}""")]
    [InlineData("subscription", """{"subscription": "a/b"}""")]
    public async Task Test_BadField_IsNamed(string field, string body)
    {
        await using var host = await StartAsync("http://127.0.0.1:9");

        Assert.NotEmpty((await host.Admin.PostAsync("subscriptions/test", body)).IsProblem(400).ErrorsOf(field));
    }

    private static Task<ControlPlaneHost> StartAsync(string provider) =>
        ControlPlaneHost.StartAsync(["--ControlPlane:AllowPrivateUpstreams", "true", "--ControlPlane:SubscriptionProvider", provider]);
}
