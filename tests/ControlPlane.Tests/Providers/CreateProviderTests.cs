using System.Text.Json.Nodes;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Providers;

public sealed class CreateProviderTests
{
    [Fact]
    public async Task Create_FullBody_IsStoredAndShownMasked()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var (first, second, header) = (Canaries.New("anthropic-key"), Canaries.New("anthropic-key"), Canaries.New("team-header"));
        var body = $$$"""
            {"name": "main", "type": "anthropic", "base_url": "https://proxy.example.com/anthropic", "display_name": "Main", "enabled": false,
             "api_keys": ["{{{first}}}", "{{{second}}}"],
             "settings": {"extra_headers": {"X-Team": "{{{header}}}"}, "include_usage": false, "first_byte_timeout_seconds": 30, "idle_timeout_seconds": 60,
              "circuit_breaker": {"failure_threshold": 7, "timeout_seconds": null} } }
            """;

        var created = (await host.Admin.PostAsync("providers", body)).Is(201);

        Assert.Equal($"/api/v1/providers/{created.At("id")}", created.Header("Location"));
        Assert.Equal("\"1\"", created.Header("ETag"));
        Assert.Equal((await host.RevisionAsync()).ToString(System.Globalization.CultureInfo.InvariantCulture), created.Header("Trinity-Generation"));
        Assert.Null(created.Header("Trinity-Rollout"));
        var read = (await host.Admin.GetAsync(created.Header("Location")!)).Is(200);
        Assert.True(JsonNode.DeepEquals(created.Json, read.Json), $"{created.Text}\n{read.Text}");
        Assert.Equal("\"1\"", read.Header("ETag"));
        Assert.Equal("Main", read.At("display_name"));
        Assert.Equal("https://proxy.example.com/anthropic", read.At("base_url"));
        Assert.Equal("false", read.At("enabled"));
        Assert.Equal($"{first[..4]}...{first[^4..]}", read.At("api_keys[0].hint"));
        Assert.Equal("0", read.At("api_keys[0].ordinal"));
        Assert.Equal($"{second[..4]}...{second[^4..]}", read.At("api_keys[1].hint"));
        Assert.Equal($"{header[..4]}...{header[^4..]}", read.At("settings.extra_headers.X-Team"));
        Assert.Equal("30", read.At("settings.first_byte_timeout_seconds"));
        Assert.Equal("""{"failure_threshold":7,"interval_seconds":10,"timeout_seconds":30,"max_requests":3}""", read.Json["settings"]!["circuit_breaker"]!.ToJsonString());
        Assert.Equal("disabled", read.At("status.state"));
    }

    [Theory]
    [InlineData("anthropic", "https://api.anthropic.com/")]
    [InlineData("openai", "https://api.openai.com/v1/")]
    [InlineData("openrouter", "https://openrouter.ai/api/v1/")]
    public async Task Create_WithoutBaseUrl_TakesTheVendors(string type, string baseUrl)
    {
        await using var host = await ControlPlaneHost.StartAsync();

        var created = (await host.Admin.PostAsync("providers", $$"""{"name": "p", "type": "{{type}}"}""")).Is(201);

        Assert.Equal(baseUrl, created.At("base_url"));
        Assert.Null(created.At("settings"));
        Assert.Equal("enabled", created.At("status.state"));
        Assert.Contains("No key is stored", created.At("status.warnings[0]")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Create_OpenAiCompatibleWithoutKey_IsNoReasonToWarn()
    {
        await using var host = await ControlPlaneHost.StartAsync();

        var created = (await host.Admin.PostAsync("providers", """{"name": "local", "type": "openai-compatible", "base_url": "https://models.example.com/v1"}""")).Is(201);

        Assert.Empty(created.Json["status"]!["warnings"]!.AsArray());
    }

    [Fact]
    public async Task Create_NameInUse_Conflicts_UntilTheOtherIsDeleted()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var first = await host.Admin.CreateProviderAsync("main");

        var second = (await host.Admin.PostAsync("providers", """{"name": "main", "type": "openai"}""")).IsProblem(409);

        Assert.Single(second.ErrorsOf("name"));
        (await host.Admin.DeleteAsync("providers/main")).Is(204);
        Assert.NotEqual(first.At("id"), (await host.Admin.CreateProviderAsync("main")).At("id"));
    }

    [Fact]
    public async Task Create_SameNameAtOnce_OneWins()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await using var other = await ControlPlaneHost.StartAsync(database: host.Database);
        var token = (await host.Admin.PostAsync("operator-tokens", """{"name": "second", "role": "admin"}""")).Is(201).At("token")!;
        var elsewhere = other.As(token);

        var replies = await Task.WhenAll(Enumerable.Range(0, 10).Select(index =>
            (index % 2 == 0 ? host.Admin : elsewhere).PostAsync("providers", """{"name": "main", "type": "openai"}""")));

        Assert.Single(replies, reply => (int)reply.Status == 201);
        Assert.Equal(9, replies.Count(reply => (int)reply.Status == 409));
        Assert.Single((await host.Admin.GetAsync("providers")).Items);
    }

    [Fact]
    public async Task List_HoldsDisabledOnesAndNotDeletedOnes_ByName()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("zeta", Canaries.New("anthropic-key"));
        await host.Admin.CreateProviderAsync("alpha");
        await host.Admin.CreateProviderAsync("gone");
        (await host.Admin.PatchAsync("providers/zeta", """{"enabled": false}""")).Is(200);
        (await host.Admin.DeleteAsync("providers/gone")).Is(204);

        var items = (await host.Admin.GetAsync("providers")).Is(200).Items;

        Assert.Equal(["alpha", "zeta"], items.Select(item => item!["name"]!.GetValue<string>()));
        Assert.Equal("disabled", items[1]!["status"]!["state"]!.GetValue<string>());
        Assert.Single(items[1]!["api_keys"]!.AsArray());
    }

    [Fact]
    public async Task Get_ByIdOrName_AndWhatIsNeither()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var id = (await host.Admin.CreateProviderAsync("main")).At("id");

        Assert.Equal(id, (await host.Admin.GetAsync("providers/main")).Is(200).At("id"));
        Assert.Equal("main", (await host.Admin.GetAsync($"providers/{id}")).Is(200).At("name"));
        (await host.Admin.GetAsync("providers/other")).IsProblem(404);
        (await host.Admin.GetAsync($"providers/{Guid.CreateVersion7()}")).IsProblem(404);
        (await host.Admin.GetAsync("providers/Not_A_Name")).IsProblem(400);
        (await host.Admin.GetAsync("providers/%00")).Is(400); // by the server, before any of ours
    }

    [Fact]
    public async Task Status_KeyThatCannotBeDecrypted_IsAnError()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var created = await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        await host.Database.ExecuteAsync("update ai_provider_keys set cipher_key_id = 'gone'");

        var read = (await host.Admin.GetAsync("providers/main")).Is(200);

        Assert.Equal("error", read.At("status.state"));
        Assert.Contains(created.KeyId(0), read.At("status.warnings[0]")!, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Status_WhatLiveReplicasReport_IsAnError_AndLostOnesAreNotHeard()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var id = (await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"))).At("id");
        await host.AddReplicaAsync(1, live: false, errors: $$"""[{"provider_id": "{{id}}", "name": "main", "message": "stale"}]""");
        await host.AddReplicaAsync(1, errors: """{"unknown": "shape"}""");
        await host.AddReplicaAsync(1, errors: """[{"provider_id": "no-uuid", "message": "x"}, 7]""");

        Assert.Equal("enabled", (await host.Admin.GetAsync("providers/main")).At("status.state"));

        await host.AddReplicaAsync(1, errors: $$"""[{"provider_id": "{{id}}", "name": "main", "message": "does not build"}]""");
        var read = await host.Admin.GetAsync("providers/main");
        Assert.Equal("error", read.At("status.state"));
        Assert.Contains("does not build", read.At("status.warnings[0]")!, StringComparison.Ordinal);
    }
}
