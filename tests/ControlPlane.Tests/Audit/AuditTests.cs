using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;

namespace Trinity.ControlPlane.Tests.Audit;

public sealed class AuditTests
{
    [Fact]
    public async Task EveryWrite_LeavesItsEntries_Masked()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var (key, header) = (Canaries.New("anthropic-key"), Canaries.New("team-header"));
        var created = (await host.Admin.PostAsync("providers", $$$"""
            {"name": "main", "type": "anthropic", "api_keys": ["{{{key}}}", "{{{Canaries.New("anthropic-key")}}}"], "settings": {"extra_headers": {"X-Team": "{{{header}}}"} } }
            """)).Is(201);
        var next = Canaries.New("anthropic-key");
        await host.Admin.PatchAsync("providers/main", $$"""{"base_url": "https://other.example.com/", "settings": null, "api_keys": [{"id": "{{created.KeyId(0)}}"}]}""");
        await host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "{{next}}"}""");
        await host.Admin.DeleteAsync("providers/main");
        Canaries.Plant("virtual-key", (await host.Admin.PostAsync("virtual-keys", """{"name": "ci", "limits": {"max_concurrent": 2}}""")).At("key")!);
        await host.Admin.PatchAsync("virtual-keys/ci", """{"limits": null}""");
        await host.Admin.DeleteAsync("virtual-keys/ci");
        Canaries.Plant("operator-token", (await host.Admin.PostAsync("operator-tokens", """{"name": "alice", "role": "viewer"}""")).At("token")!);
        await host.Admin.DeleteAsync("operator-tokens/alice");

        var entries = await host.AuditAsync();

        Assert.Equal(
            [
                "operator_token.create", "provider.create", "provider_key.add", "provider_key.add", "provider.update", "provider_key.remove",
                "provider.rotate", "provider_key.add", "provider_key.remove", "provider_key.remove", "provider.delete",
                "virtual_key.create", "virtual_key.update", "virtual_key.revoke", "operator_token.create", "operator_token.revoke",
            ],
            entries.Select(entry => entry.Split(' ')[0]));
        Assert.Contains($"{header[..4]}...{header[^4..]}", entries[1], StringComparison.Ordinal);
        Assert.Contains($"{key[..4]}...{key[^4..]}", entries[2], StringComparison.Ordinal);
        Assert.Contains("\"base_url\": {\"to\": \"https://other.example.com/\", \"from\": \"https://api.anthropic.com/\"}", entries[4], StringComparison.Ordinal);
        Assert.Contains($"{next[..4]}...{next[^4..]}", entries[6], StringComparison.Ordinal);
    }

    [Fact]
    public async Task FailedWrite_LeavesNone()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main");
        var before = await host.AuditAsync();

        (await host.Admin.PostAsync("providers", """{"name": "main", "type": "openai"}""")).IsProblem(409);
        (await host.Admin.PatchAsync("providers/main", """{"enabled": 1}""")).IsProblem(400);
        (await host.Admin.DeleteAsync("providers/main", ifMatch: "\"2\"")).IsProblem(412);

        Assert.Equal(before, await host.AuditAsync());
    }

    [Fact]
    public async Task List_NamesTheActor_Filters_AndPages()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var alice = host.As((await host.Admin.PostAsync("operator-tokens", """{"name": "alice", "role": "admin"}""")).At("token")!);
        foreach (var name in (string[])["a", "b", "c"])
        {
            await alice.CreateProviderAsync(name);
        }

        var first = (await alice.GetAsync("audit?actor=alice&limit=2")).Is(200);
        var second = (await alice.GetAsync($"audit?actor=alice&limit=2&after={first.At("next")}")).Is(200);

        Assert.Equal(["c", "b", "a"], first.Items.Concat(second.Items).Select(item => item!["target"]!.GetValue<string>()));
        Assert.Null(second.At("next"));
        Assert.Equal("alice", first.At("items[0].actor"));
        Assert.Equal("provider", first.At("items[0].target_type"));
        Assert.Equal("anthropic", first.At("items[0].details.type"));
        Assert.Single((await alice.GetAsync("audit?target=b")).Items);
        Assert.Equal(2, (await alice.GetAsync("audit?action=operator_token.create")).Items.Count);
        (await alice.GetAsync("audit?action=a%00")).IsProblem(400);
    }
}
