using System.Net;
using Trinity.AiBridge.Configuration;
using Trinity.AiBridge.FunctionalTests.Bridges;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Reload;

/// <summary>2.4 n: a row that cannot serve is excluded and reported; the rest serve.</summary>
public sealed class BadRowTests
{
    [Fact]
    public async Task Rows_ThatCannotServe_AreExcludedAndReportedAndMendable()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], ["AiBridge:HeartbeatInterval=00:00:00.100"]);
        var url = bench.UpstreamUrl("anthropic");
        var bad = new Dictionary<string, Guid>(StringComparer.Ordinal)
        {
            ["unknown-type"] = await bench.Config.AddProviderAsync("unknown-type", "cohere", url, ["sk-a-0123456789"]),
            ["bad-url"] = await bench.Config.AddProviderAsync("bad-url", "anthropic", "ftp://nowhere", ["sk-b-0123456789"]),
            ["too-many-keys"] = await bench.Config.AddProviderAsync("too-many-keys", "anthropic", url, [.. Enumerable.Range(0, 6).Select(i => $"sk-{i}-0123456789")]),
            ["undecryptable"] = await bench.Config.AddProviderAsync("undecryptable", "anthropic", url, ["sk-c-0123456789"]),
        };
        await bench.Database.ExecuteAsync($"update ai_provider_keys set secret_cipher = '\\x0102' where provider_id = '{bad["undecryptable"]}'");
        await bench.AppliedAsync();

        var row = await ReplicaRow.WhenAsync(bench, row => row.Problems.Length == 4, "the replica reports four problems");

        foreach (var (name, id) in bad)
        {
            Assert.Equal(ProviderState.Error, bench.Bridge.Snapshot!.Providers[name].State);
            var problem = row.Problems.Single(problem => problem.GetProperty("name").GetString() == name);
            Assert.Equal(id, problem.GetProperty("provider_id").GetGuid());
            Assert.NotEqual("", problem.GetProperty("message").GetString());
            using var refused = await bench.SendAsync(bench.Post($"/{name}/v1/messages", GatedStream.Request));
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
        }

        Assert.DoesNotContain("sk-", row.Errors, StringComparison.Ordinal);
        await AskAsync(bench, "anthropic");
        await MendAsync(bench, bad, url);
        await ReplicaRow.WhenAsync(bench, row => row.Problems.Length == 0, "the problems are gone");
        foreach (var name in bad.Keys)
        {
            await AskAsync(bench, name);
        }
    }

    // R2: the bridge needs to be allowed to read the configuration; it starts to serve when it is.
    [Fact]
    public async Task DatabaseRole_WithoutPermission_ServesNothingUntilItIsGranted()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], startBridge: false);
        var role = $"reader_{bench.Database.Name}";
        await bench.Database.ExecuteAsync($"create role {role} login");
        try
        {
            var connection = new Npgsql.NpgsqlConnectionStringBuilder(bench.Database.ConnectionString) { Username = role }.ConnectionString;
            await using var host = await BridgeHost.StartAsync(connection, bench.EncryptionKeys);
            using var client = LoopbackHttp.CreateClient(host.Url);
            var failed = await host.Logs.WhenLoggedAsync(EventIds.ReloadFailed);
            Assert.Contains("permission denied", failed.Message, StringComparison.Ordinal);
            Assert.Equal(HttpStatusCode.ServiceUnavailable, (await client.GetAsync("/readyz", Timeouts.Token)).StatusCode);

            await bench.Database.ExecuteAsync($"grant select, insert, update, delete on all tables in schema public to {role}");

            await host.WhenAppliedAsync(await bench.Config.RevisionAsync());
            Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/readyz", Timeouts.Token)).StatusCode);
            await host.StopAsync();
        }
        finally
        {
            await bench.Database.ExecuteAsync($"drop owned by {role}; drop role {role}");
        }
    }

    private static async Task MendAsync(TestBench bench, Dictionary<string, Guid> bad, string url)
    {
        await bench.Database.ExecuteAsync("update ai_providers set type = 'anthropic'");
        await bench.Config.SetBaseUrlAsync("bad-url", url);
        await bench.Database.ExecuteAsync($"delete from ai_provider_keys where provider_id = '{bad["too-many-keys"]}' and ordinal = 5");
        await bench.Config.SetKeysAsync("undecryptable", "sk-d-0123456789");
        await bench.AppliedAsync();
    }

    private static async Task AskAsync(TestBench bench, string provider)
    {
        bench.Upstream.Expect("POST", "/v1/messages").Reply(AnthropicMessage.Saying("Hello.").Blocking());
        using var reply = await bench.SendAsync(bench.Post($"/{provider}/v1/messages", GatedStream.Request));
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
    }
}
