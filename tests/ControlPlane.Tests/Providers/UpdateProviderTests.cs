using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Providers;

public sealed class UpdateProviderTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Fact]
    public async Task Update_OmittedMembers_StayAsTheyAre()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var header = Canaries.New("team-header");
        var created = (await host.Admin.PostAsync("providers", $$$"""
            {"name": "main", "type": "openai", "display_name": "Main", "api_keys": ["{{{Canaries.New("openai-key")}}}"], "settings": {"extra_headers": {"X-A": "{{{header}}}"}, "idle_timeout_seconds": 9}}
            """)).Is(201);

        var updated = (await host.Admin.PatchAsync("providers/main", """{"enabled": false}""")).Is(200);

        Assert.Equal("false", updated.At("enabled"));
        Assert.Equal("2", updated.At("version"));
        Assert.Equal("\"2\"", updated.Header("ETag"));
        Assert.Equal("Main", updated.At("display_name"));
        Assert.Equal(created.KeyIds(), updated.KeyIds());
        Assert.Equal(created.Json["settings"]!.ToJsonString(), updated.Json["settings"]!.ToJsonString());
        Assert.Equal(created.At("created_at"), updated.At("created_at"));
        Assert.NotEqual(created.At("updated_at"), updated.At("updated_at"));
    }

    [Fact]
    public async Task Update_NullDisplayName_ClearsIt()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.PostAsync("providers", """{"name": "main", "type": "openai", "display_name": "Main"}""");

        Assert.Null((await host.Admin.PatchAsync("providers/main", """{"display_name": null}""")).Is(200).At("display_name"));
    }

    [Fact]
    public async Task Update_Settings_MergeMemberByMember()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var (kept, replaced) = (Canaries.New("kept-header"), Canaries.New("new-header"));
        await host.Admin.PostAsync("providers", $$$"""
            {"name": "main", "type": "openai", "settings": {"extra_headers": {"X-Kept": "{{{kept}}}", "X-Old": "old-value", "X-Gone": "gone-value"}, "include_usage": false, "idle_timeout_seconds": 9}}
            """);

        var updated = (await host.Admin.PatchAsync("providers/main", $$$"""
            {"settings": {"extra_headers": {"x-old": "{{{replaced}}}", "X-Gone": null}, "include_usage": null, "first_byte_timeout_seconds": 5}}
            """)).Is(200);

        var headers = updated.Json["settings"]!["extra_headers"]!.AsObject();
        Assert.Equal(["X-Kept", "x-old"], headers.Select(header => header.Key));
        Assert.Equal($"{replaced[..4]}...{replaced[^4..]}", headers["x-old"]!.GetValue<string>());
        Assert.Null(updated.At("settings.include_usage"));
        Assert.Equal("5", updated.At("settings.first_byte_timeout_seconds"));
        Assert.Equal("9", updated.At("settings.idle_timeout_seconds"));
    }

    [Fact]
    public async Task Update_ClearsAreExplicit_HeadersThenAllSettings()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.PostAsync("providers", """{"name": "main", "type": "openai", "settings": {"extra_headers": {"X-A": "1"}, "idle_timeout_seconds": 9}}""");

        var withoutHeaders = (await host.Admin.PatchAsync("providers/main", """{"settings": {"extra_headers": null}}""")).Is(200);
        Assert.Empty(withoutHeaders.Json["settings"]!["extra_headers"]!.AsObject());
        Assert.Equal("9", withoutHeaders.At("settings.idle_timeout_seconds"));

        Assert.Null((await host.Admin.PatchAsync("providers/main", """{"settings": null}""")).Is(200).At("settings"));
        Assert.Null(await host.Database.ScalarAsync<byte[]>("select settings_cipher from ai_providers"));
    }

    [Fact]
    public async Task Update_CircuitBreaker_IsReplacedAsAWholeAndTakenAway()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.PostAsync("providers", """{"name": "main", "type": "openai", "settings": {"circuit_breaker": {"max_requests": 9}}}""");

        var untouched = (await host.Admin.PatchAsync("providers/main", """{"settings": {"idle_timeout_seconds": 9}}""")).Is(200);
        Assert.Equal("9", untouched.At("settings.circuit_breaker.max_requests"));

        var replaced = (await host.Admin.PatchAsync("providers/main", """{"settings": {"circuit_breaker": {"interval_seconds": 8}}}""")).Is(200);
        Assert.Equal(("8", "3"), (replaced.At("settings.circuit_breaker.interval_seconds"), replaced.At("settings.circuit_breaker.max_requests")));

        var without = (await host.Admin.PatchAsync("providers/main", """{"settings": {"circuit_breaker": null, "idle_timeout_seconds": null}}""")).Is(200);
        Assert.Null(without.At("settings"));
    }

    [Fact]
    public async Task Update_EmptySettings_ChangeNothing()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.PostAsync("providers", """{"name": "main", "type": "openai", "settings": {"idle_timeout_seconds": 9}}""");

        Assert.Equal("9", (await host.Admin.PatchAsync("providers/main", """{"settings": {}}""")).Is(200).At("settings.idle_timeout_seconds"));
    }

    [Fact]
    public async Task Update_SettingsThatCannotBeDecrypted_CanBeClearedButNotMergedInto()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.PostAsync("providers", """{"name": "main", "type": "openai", "settings": {"idle_timeout_seconds": 9}}""");
        await host.Database.ExecuteAsync("update ai_providers set settings_key_id = 'gone'");

        (await host.Admin.PatchAsync("providers/main", """{"settings": {"idle_timeout_seconds": 8}}""")).IsProblem(409);
        (await host.Admin.PatchAsync("providers/main", """{"enabled": false}""")).Is(200);
        Assert.Equal("disabled", (await host.Admin.PatchAsync("providers/main", """{"settings": null}""")).Is(200).At("status.state"));
    }

    [Fact]
    public async Task Update_Keys_AreExactlyTheListInItsOrder()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var created = await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"), Canaries.New("anthropic-key"), Canaries.New("anthropic-key"));
        var added = Canaries.New("anthropic-key");

        var updated = (await host.Admin.PatchAsync("providers/main", $$"""
            {"api_keys": [{"id": "{{created.KeyId(2)}}"}, {"api_key": "{{added}}", "name": "spare"}, {"id": "{{created.KeyId(0)}}"}]}
            """)).Is(200);

        Assert.Equal([created.KeyId(2), updated.KeyId(1), created.KeyId(0)], updated.KeyIds());
        Assert.Equal(["0", "1", "2"], Enumerable.Range(0, 3).Select(index => updated.At($"api_keys[{index}].ordinal")!));
        Assert.Equal("spare", updated.At("api_keys[1].name"));
        Assert.Equal($"{added[..4]}...{added[^4..]}", updated.At("api_keys[1].hint"));
        var rollout = (await host.Admin.GetAsync(updated.Header("Trinity-Rollout")!)).Is(200);
        Assert.Equal(created.KeyId(1), rollout.At("retired_keys[0].id"));
        Assert.Equal("update", rollout.At("action"));
    }

    [Fact]
    public async Task Update_ReorderOrAddOnly_RetiresNothing()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var created = await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"), Canaries.New("anthropic-key"));

        var updated = (await host.Admin.PatchAsync("providers/main", $$"""{"api_keys": [{"id": "{{created.KeyId(1)}}"}, {"id": "{{created.KeyId(0)}}"}]}""")).Is(200);

        Assert.Equal([created.KeyId(1), created.KeyId(0)], updated.KeyIds());
        Assert.Null(updated.Header("Trinity-Rollout"));
        Assert.Empty((await host.Admin.GetAsync("rollouts")).Items);
    }

    [Fact]
    public async Task Update_EmptyKeyList_RemovesAll()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));

        var updated = (await host.Admin.PatchAsync("providers/main", """{"api_keys": []}""")).Is(200);

        Assert.Empty(updated.KeyIds());
        Assert.NotNull(updated.Header("Trinity-Rollout"));
    }

    [Theory]
    [InlineData("", "{}")]
    [InlineData("name", """{"name": "other"}""")]
    [InlineData("type", """{"type": "openai"}""")]
    [InlineData("base_url", """{"base_url": null}""")]
    [InlineData("base_url", """{"base_url": "http://169.254.169.254/"}""")]
    [InlineData("enabled", """{"enabled": null}""")]
    [InlineData("display_name", """{"display_name": ""}""")]
    [InlineData("api_keys", """{"api_keys": null}""")]
    [InlineData("api_keys[0]", """{"api_keys": ["sk-1"]}""")]
    [InlineData("api_keys[0]", """{"api_keys": [{}]}""")]
    [InlineData("api_keys[0]", """{"api_keys": [{"id": "KEY", "api_key": "sk-1"}]}""")]
    [InlineData("api_keys[0].id", """{"api_keys": [{"id": "no-uuid"}]}""")]
    [InlineData("api_keys[0].id", """{"api_keys": [{"id": "01990000-0000-7000-8000-000000000001"}]}""")]
    [InlineData("api_keys[1].id", """{"api_keys": [{"id": "KEY"}, {"id": "KEY"}]}""")]
    [InlineData("api_keys[0].name", """{"api_keys": [{"id": "KEY", "name": "x"}]}""")]
    [InlineData("api_keys[0].secret", """{"api_keys": [{"id": "KEY", "secret": "x"}]}""")]
    [InlineData("api_keys[1].api_key", """{"api_keys": [{"id": "KEY"}, {"api_key": "stored-key-stored-key"}]}""")]
    [InlineData("api_keys[1].api_key", """{"api_keys": [{"api_key": "sk-1"}, {"api_key": "sk-1"}]}""")]
    [InlineData("api_keys", """{"api_keys": [{"api_key": "k1"}, {"api_key": "k2"}, {"api_key": "k3"}, {"api_key": "k4"}, {"api_key": "k5"}, {"api_key": "k6"}]}""")]
    [InlineData("settings.extra_headers.X-A", """{"settings": {"extra_headers": {"X-A": "1\n"}}}""")]
    [InlineData("deleted_at", """{"deleted_at": null}""")]
    public async Task Update_BadField_IsNamed_AndNothingChanges(string field, string body)
    {
        var name = SharedHost.NewName();
        var created = await shared.Admin.CreateProviderAsync(name, "stored-key-stored-key");
        var before = await shared.Host.RevisionAsync();

        var reply = (await shared.Admin.PatchAsync($"providers/{name}", body.Replace("KEY", created.KeyId(0), StringComparison.Ordinal))).IsProblem(400);

        Assert.NotEmpty(reply.ErrorsOf(field));
        Assert.Single(reply.Json["errors"]!.AsObject());
        Assert.Equal(before, await shared.Host.RevisionAsync());
        Assert.Equal("1", (await shared.Admin.GetAsync($"providers/{name}")).At("version"));
    }

    [Fact]
    public async Task Update_IfMatch_IsHonoured()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main");

        (await host.Admin.PatchAsync("providers/main", """{"enabled": false}""", ifMatch: "\"1\"")).Is(200);
        (await host.Admin.PatchAsync("providers/main", """{"enabled": true}""", ifMatch: "\"1\"")).IsProblem(412);
        (await host.Admin.PatchAsync("providers/main", """{"enabled": true}""", ifMatch: "W/\"2\"")).IsProblem(412);
        (await host.Admin.PatchAsync("providers/main", """{"enabled": true}""", ifMatch: "2")).IsProblem(412);
        (await host.Admin.DeleteAsync("providers/main", ifMatch: "\"1\"")).IsProblem(412);
        Assert.Equal("false", (await host.Admin.GetAsync("providers/main")).At("enabled"));

        (await host.Admin.PatchAsync("providers/main", """{"enabled": true}""", ifMatch: "\"7\", \"2\"")).Is(200);
        (await host.Admin.PatchAsync("providers/main", """{"enabled": true}""", ifMatch: "*")).Is(200);
        (await host.Admin.DeleteAsync("providers/main", ifMatch: "\"4\"")).Is(204);
    }

    [Fact]
    public async Task Delete_TakesTheKeysAlong_AndOnlyOnce()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var created = await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"), Canaries.New("anthropic-key"));

        var deleted = (await host.Admin.DeleteAsync("providers/main")).Is(204);

        (await host.Admin.DeleteAsync("providers/main")).IsProblem(404);
        (await host.Admin.DeleteAsync($"providers/{created.At("id")}")).IsProblem(404);
        (await host.Admin.PatchAsync($"providers/{created.At("id")}", """{"enabled": true}""")).IsProblem(404);
        Assert.Equal(0, await host.Database.ScalarAsync<long>("select count(*) from ai_provider_keys"));
        Assert.Equal(1, await host.Database.ScalarAsync<long>("select count(*) from ai_providers where deleted_at is not null"));
        var rollout = (await host.Admin.GetAsync(deleted.Header("Trinity-Rollout")!)).Is(200);
        Assert.Equal("delete", rollout.At("action"));
        Assert.Equal("main", rollout.At("provider"));
        Assert.Equal(2, rollout.Json["retired_keys"]!.AsArray().Count);
    }
}
