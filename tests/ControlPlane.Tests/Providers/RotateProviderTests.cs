using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Providers;

public sealed class RotateProviderTests
{
    [Fact]
    public async Task Rotate_WithoutReplaces_TakesTheFirstKeysPlaceUnderANewId()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var created = await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"), Canaries.New("anthropic-key"));
        var fresh = Canaries.New("anthropic-key");

        var rotated = (await host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "{{fresh}}"}""")).Is(202);

        Assert.Equal($"/api/v1/rollouts/{rotated.At("id")}", rotated.Header("Location"));
        Assert.Equal(rotated.Header("Location"), rotated.Header("Trinity-Rollout"));
        Assert.Equal((await host.RevisionAsync()).ToString(System.Globalization.CultureInfo.InvariantCulture), rotated.At("generation"));
        Assert.Equal(rotated.At("generation"), rotated.Header("Trinity-Generation"));
        Assert.Equal(created.KeyId(0), rotated.At("retired_keys[0].id"));
        Assert.Equal(created.At("api_keys[0].hint"), rotated.At("retired_keys[0].hint"));
        var provider = (await host.Admin.GetAsync("providers/main")).Is(200);
        Assert.Equal(2, provider.KeyIds().Count);
        Assert.NotEqual(created.KeyId(0), provider.KeyId(0));
        Assert.Equal($"{fresh[..4]}...{fresh[^4..]}", provider.At("api_keys[0].hint"));
        Assert.Equal(created.KeyId(1), provider.KeyId(1));
        Assert.Equal("2", provider.At("version"));
    }

    [Fact]
    public async Task Rotate_WithReplaces_KeepsPositionAndName()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var created = await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        var named = (await host.Admin.PatchAsync("providers/main", $$"""
            {"api_keys": [{"id": "{{created.KeyId(0)}}"}, {"api_key": "{{Canaries.New("anthropic-key")}}", "name": "spare"}]}
            """)).Is(200);

        var rotated = (await host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "{{Canaries.New("anthropic-key")}}", "replaces": "{{named.KeyId(1)}}"}""")).Is(202);

        var provider = await host.Admin.GetAsync("providers/main");
        Assert.Equal(created.KeyId(0), provider.KeyId(0));
        Assert.NotEqual(named.KeyId(1), provider.KeyId(1));
        Assert.Equal("spare", provider.At("api_keys[1].name"));
        Assert.Equal(named.KeyId(1), rotated.At("retired_keys[0].id"));
    }

    [Fact]
    public async Task Rotate_ToAStoredKey_Conflicts()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var (first, second) = (Canaries.New("anthropic-key"), Canaries.New("anthropic-key"));
        await host.Admin.CreateProviderAsync("main", first, second);

        Assert.NotEmpty((await host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "{{first}}"}""")).IsProblem(409).ErrorsOf("api_key"));
        Assert.NotEmpty((await host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "{{second}}"}""")).IsProblem(409).ErrorsOf("api_key"));
    }

    [Fact]
    public async Task Rotate_WhatCannotBe_IsRefused()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        await host.Admin.CreateProviderAsync("empty");
        var before = await host.RevisionAsync();

        (await host.Admin.PostAsync("providers/other/rotate", """{"api_key": "sk-1"}""")).IsProblem(404);
        (await host.Admin.PostAsync("providers/empty/rotate", """{"api_key": "sk-1"}""")).IsProblem(409);
        Assert.NotEmpty((await host.Admin.PostAsync("providers/main/rotate", "{}")).IsProblem(400).ErrorsOf("api_key"));
        Assert.NotEmpty((await host.Admin.PostAsync("providers/main/rotate", """{"api_key": "a b"}""")).IsProblem(400).ErrorsOf("api_key"));
        Assert.NotEmpty((await host.Admin.PostAsync("providers/main/rotate", """{"api_key": "sk-1", "replaces": "x"}""")).IsProblem(400).ErrorsOf("replaces"));
        Assert.NotEmpty((await host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "sk-1", "replaces": "{{Guid.CreateVersion7()}}"}""")).IsProblem(400).ErrorsOf("replaces"));
        Assert.NotEmpty((await host.Admin.PostAsync("providers/main/rotate", """{"api_key": "sk-1", "key": "x"}""")).IsProblem(400).ErrorsOf("key"));
        (await host.Admin.PostAsync("providers/main/rotate", """{"api_key": "sk-1"}""", ifMatch: "\"9\"")).IsProblem(412);

        Assert.Equal(before, await host.RevisionAsync());
        Assert.Empty((await host.Admin.GetAsync("rollouts")).Items);
    }

    [Fact]
    public async Task Rotate_ManyAtOnce_LeaveOneKeyAndARolloutEach()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "{{Canaries.New("anthropic-key")}}"}""")));

        Assert.All(replies, reply => reply.Is(202));
        Assert.Single((await host.Admin.GetAsync("providers/main")).KeyIds());
        Assert.Equal(8, replies.Select(reply => reply.At("generation")).Distinct(StringComparer.Ordinal).Count());
        Assert.Equal(8, replies.Select(reply => reply.At("retired_keys[0].id")).Distinct(StringComparer.Ordinal).Count());
    }
}
