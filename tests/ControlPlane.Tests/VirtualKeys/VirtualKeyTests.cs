using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;
using Trinity.Shared.Configuration;

namespace Trinity.ControlPlane.Tests.VirtualKeys;

public sealed class VirtualKeyTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Fact]
    public async Task Create_FullBody_ShowsTheKeyOnce_AndStoresItsHash()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main");

        var created = (await host.Admin.PostAsync("virtual-keys", """
            {"name": "ci", "agent": "builder", "providers": ["main"], "models": ["claude-*", "gpt-5"],
             "limits": {"requests_per_minute": 60, "tokens_per_day": 5000000000}, "expires_at": "2999-12-31T23:00:00+01:00"}
            """)).Is(201);
        var key = created.At("key")!;
        Canaries.Plant("virtual-key", key);

        Assert.Matches("^trk_[0-9a-f]{64}$", key);
        Assert.Equal($"/api/v1/virtual-keys/{created.At("id")}", created.Header("Location"));
        Assert.Equal(VirtualKeyToken.Hash(key), await host.Database.ScalarAsync<byte[]>("select hash from virtual_keys"));
        var read = (await host.Admin.GetAsync("virtual-keys/ci")).Is(200);
        Assert.Null(read.Json["key"]);
        Assert.Equal($"{key[..4]}...{key[^4..]}", read.At("hint"));
        Assert.Equal("active", read.At("status"));
        Assert.Equal("builder", read.At("agent"));
        Assert.Equal("main", read.At("providers[0]"));
        Assert.Equal("claude-*", read.At("models[0]"));
        Assert.Equal("60", read.At("limits.requests_per_minute"));
        Assert.Null(read.At("limits.max_concurrent"));
        Assert.Equal("5000000000", read.At("limits.tokens_per_day"));
        Assert.Equal("2999-12-31T22:00:00Z", read.At("expires_at"));
        Assert.Equal("\"1\"", read.Header("ETag"));
    }

    [Fact]
    public async Task Create_NameOnly_IsUnlimited()
    {
        await using var host = await ControlPlaneHost.StartAsync();

        var created = (await host.Admin.PostAsync("virtual-keys", """{"name": "ci"}""")).Is(201);

        foreach (var member in (string[])["agent", "providers", "models", "limits", "expires_at", "revoked_at"])
        {
            Assert.Null(created.At(member));
        }

        (await host.Admin.PostAsync("virtual-keys", """{"name": "ci"}""")).IsProblem(409);
    }

    [Theory]
    [InlineData("name", "{}")]
    [InlineData("name", """{"name": "a/b"}""")]
    [InlineData("name", """{"name": "01990000-0000-7000-8000-000000000001"}""")]
    [InlineData("agent", """{"name": "a", "agent": 1}""")]
    [InlineData("providers", """{"name": "a", "providers": ["nobody"]}""")]
    [InlineData("providers", """{"name": "a", "providers": []}""")]
    [InlineData("providers", """{"name": "a", "providers": "main"}""")]
    [InlineData("providers[1]", """{"name": "a", "providers": ["main", 7]}""")]
    [InlineData("models", """{"name": "a", "models": ["a*b"]}""")]
    [InlineData("models", """{"name": "a", "models": ["a", "a"]}""")]
    [InlineData("models[0]", """{"name": "a", "models": [""]}""")]
    [InlineData("limits", """{"name": "a", "limits": 5}""")]
    [InlineData("limits.requests_per_minute", """{"name": "a", "limits": {"requests_per_minute": 0}}""")]
    [InlineData("limits.max_concurrent", """{"name": "a", "limits": {"max_concurrent": 3000000000}}""")]
    [InlineData("limits.tokens_per_day", """{"name": "a", "limits": {"tokens_per_day": "many"}}""")]
    [InlineData("limits.dollars", """{"name": "a", "limits": {"dollars": 5}}""")]
    [InlineData("expires_at", """{"name": "a", "expires_at": "2020-01-01T00:00:00Z"}""")]
    [InlineData("expires_at", """{"name": "a", "expires_at": "2999-01-01T00:00:00"}""")]
    [InlineData("expires_at", """{"name": "a", "expires_at": "tomorrow"}""")]
    [InlineData("key", """{"name": "a", "key": "trk_mine"}""")]
    public async Task Create_BadField_IsNamed(string field, string body)
    {
        var provider = SharedHost.NewName();
        await shared.Admin.CreateProviderAsync(provider);
        var before = await shared.Host.RevisionAsync();

        var reply = (await shared.Admin.PostAsync("virtual-keys", body.Replace("main", provider, StringComparison.Ordinal))).IsProblem(400);

        Assert.NotEmpty(reply.ErrorsOf(field));
        Assert.Single(reply.Json["errors"]!.AsObject());
        Assert.Equal(before, await shared.Host.RevisionAsync());
    }

    [Fact]
    public async Task Update_MergesAndClears()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main");
        await host.Admin.PostAsync("virtual-keys", """
            {"name": "ci", "providers": ["main"], "models": ["m"], "limits": {"requests_per_minute": 60, "max_concurrent": 5}, "expires_at": "2999-01-01T00:00:00Z"}
            """);

        var merged = (await host.Admin.PatchAsync("virtual-keys/ci", """{"limits": {"max_concurrent": null, "tokens_per_day": 9}}""", ifMatch: "\"1\"")).Is(200);
        Assert.Equal("60", merged.At("limits.requests_per_minute"));
        Assert.Null(merged.At("limits.max_concurrent"));
        Assert.Equal("9", merged.At("limits.tokens_per_day"));
        Assert.Equal("main", merged.At("providers[0]"));
        Assert.Equal("2999-01-01T00:00:00Z", merged.At("expires_at"));
        Assert.Equal("2", merged.At("version"));

        var cleared = (await host.Admin.PatchAsync("virtual-keys/ci", """{"limits": null, "providers": null, "models": null, "expires_at": null}""")).Is(200);
        foreach (var member in (string[])["limits", "providers", "models", "expires_at"])
        {
            Assert.Null(cleared.At(member));
        }

        (await host.Admin.PatchAsync("virtual-keys/ci", """{"models": ["m"]}""", ifMatch: "\"1\"")).IsProblem(412);
    }

    [Theory]
    [InlineData("", "{}")]
    [InlineData("name", """{"name": "other"}""")]
    [InlineData("agent", """{"agent": "other"}""")]
    [InlineData("providers", """{"providers": ["nobody"]}""")]
    [InlineData("expires_at", """{"expires_at": "2020-01-01T00:00:00Z"}""")]
    [InlineData("hash", """{"hash": "x"}""")]
    public async Task Update_BadField_IsNamed(string field, string body)
    {
        var name = SharedHost.NewName();
        await shared.Admin.PostAsync("virtual-keys", $$"""{"name": "{{name}}"}""");

        Assert.NotEmpty((await shared.Admin.PatchAsync($"virtual-keys/{name}", body)).IsProblem(400).ErrorsOf(field));
        Assert.Equal("1", (await shared.Admin.GetAsync($"virtual-keys/{name}")).At("version"));
    }

    [Fact]
    public async Task Revoke_Once_ThenItIsHiddenUnlessAskedFor()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var id = (await host.Admin.PostAsync("virtual-keys", """{"name": "ci"}""")).At("id");

        (await host.Admin.DeleteAsync("virtual-keys/ci", ifMatch: "\"9\"")).IsProblem(412);
        (await host.Admin.DeleteAsync("virtual-keys/ci")).Is(204);

        (await host.Admin.DeleteAsync("virtual-keys/ci")).IsProblem(404);
        (await host.Admin.DeleteAsync($"virtual-keys/{id}")).IsProblem(404);
        (await host.Admin.PatchAsync($"virtual-keys/{id}", """{"models": null}""")).IsProblem(404);
        (await host.Admin.GetAsync("virtual-keys/ci")).IsProblem(404);
        Assert.Equal("revoked", (await host.Admin.GetAsync($"virtual-keys/{id}")).Is(200).At("status"));
        Assert.Empty((await host.Admin.GetAsync("virtual-keys")).Items);
        Assert.Single((await host.Admin.GetAsync("virtual-keys?include=revoked")).Items);
        (await host.Admin.GetAsync("virtual-keys?include=all")).IsProblem(400);
        (await host.Admin.PostAsync("virtual-keys", """{"name": "ci"}""")).Is(201);
    }

    [Fact]
    public async Task Expired_WhenItsTimeHasCome()
    {
        var clock = new ManualTimeProvider();
        await using var host = await ControlPlaneHost.StartAsync(time: clock);
        await host.Admin.PostAsync("virtual-keys", """{"name": "ci", "expires_at": "2030-01-01T00:01:00Z"}""");
        Assert.Equal("active", (await host.Admin.GetAsync("virtual-keys/ci")).At("status"));

        clock.Advance(TimeSpan.FromMinutes(1));

        Assert.Equal("expired", (await host.Admin.GetAsync("virtual-keys/ci")).At("status"));
        Assert.Equal("active", (await host.Admin.PatchAsync("virtual-keys/ci", """{"expires_at": null}""")).Is(200).At("status"));
    }
}
