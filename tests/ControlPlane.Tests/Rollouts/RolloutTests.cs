using System.Text.Json.Nodes;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;

namespace Trinity.ControlPlane.Tests.Rollouts;

public sealed class RolloutTests
{
    [Fact]
    public async Task Rollout_NoReplicas_IsSafe()
    {
        await using var host = await ControlPlaneHost.StartAsync();

        var rollout = await RotateAsync(host);

        Assert.True(SafeToRevoke(rollout));
        Assert.Empty(rollout.Json["replicas"]!.AsArray());
    }

    [Fact]
    public async Task Rollout_ReplicaBehind_ThenApplied_ThenDrained()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var replica = await host.AddReplicaAsync(generation: 1);
        var rollout = await RotateAsync(host);
        Assert.Equal("false", rollout.At("replicas[0].applied"));
        Assert.False(SafeToRevoke(rollout));
        Assert.Contains("serves generation 1", rollout.At("waiting_for[0]")!, StringComparison.Ordinal);

        await host.SetReplicaAsync(replica, $"generation = {rollout.At("generation")}, draining = '{Draining(rollout, leases: 3)}'");
        rollout = await ReadAsync(host, rollout);
        Assert.Equal("true", rollout.At("replicas[0].applied"));
        Assert.Equal("3", rollout.At("replicas[0].draining"));
        Assert.Equal("3", rollout.At("in_flight_on_old"));
        Assert.Equal("live", rollout.At("replicas[0].state"));
        Assert.False(SafeToRevoke(rollout));

        await host.SetReplicaAsync(replica, "draining = '[]'");
        rollout = await ReadAsync(host, rollout);
        Assert.Equal("0", rollout.At("in_flight_on_old"));
        Assert.True(SafeToRevoke(rollout));
        Assert.Empty(rollout.Json["waiting_for"]!.AsArray());
    }

    [Fact]
    public async Task Rollout_SumsOverReplicasAndBridges_ThatUseARetiredKey()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var rollout = await RotateAsync(host);
        var generation = long.Parse(rollout.At("generation")!, System.Globalization.CultureInfo.InvariantCulture);
        var (retired, other) = (rollout.At("retired_keys[0].id")!, Guid.CreateVersion7().ToString());
        await host.AddReplicaAsync(generation, draining: $"[{Bridge(4, other, retired)}, {Bridge(5, retired)}, {Bridge(100, other)}]");
        await host.AddReplicaAsync(generation + 3, draining: $"[{Bridge(1, retired)}]");

        rollout = await ReadAsync(host, rollout);

        Assert.Equal("10", rollout.At("in_flight_on_old"));
        Assert.Equal(["1", "9"], rollout.Json["replicas"]!.AsArray().Select(replica => replica!["draining"]!.ToString()).Order(StringComparer.Ordinal));
        Assert.False(SafeToRevoke(rollout));
    }

    [Fact]
    public async Task Rollout_LostReplica_Blocks_UntilItIsRemoved()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var lost = await host.AddReplicaAsync(generation: 1000, live: false);

        var rollout = await RotateAsync(host);

        Assert.Equal("lost", rollout.At("replicas[0].state"));
        Assert.Equal("true", rollout.At("replicas[0].applied"));
        Assert.False(SafeToRevoke(rollout));
        Assert.Contains($"/api/v1/replicas/{lost}", rollout.At("waiting_for[0]")!, StringComparison.Ordinal);

        (await host.Admin.DeleteAsync($"replicas/{lost}")).Is(204);
        Assert.True(SafeToRevoke(await ReadAsync(host, rollout)));
    }

    [Theory]
    [InlineData("null")]
    [InlineData("{}")]
    [InlineData("[null]")]
    [InlineData("[{\"leases\": 0}]")]
    [InlineData("[{\"provider_id\": \"x\", \"revision\": \"r\", \"key_ids\": [], \"leases\": 0, \"since\": \"2030-01-01T00:00:00Z\"}]")]
    [InlineData("[{\"provider_id\": \"01990000-0000-7000-8000-000000000001\", \"revision\": \"r\", \"key_ids\": null, \"leases\": 0, \"since\": \"2030-01-01T00:00:00Z\"}]")]
    [InlineData("[{\"provider_id\": \"01990000-0000-7000-8000-000000000001\", \"revision\": \"r\", \"key_ids\": [], \"leases\": -1, \"since\": \"2030-01-01T00:00:00Z\"}]")]
    public async Task Rollout_ReportThatCannotBeRead_IsNotTakenForSafe(string draining)
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.AddReplicaAsync(generation: 1000, draining: draining);

        var rollout = await RotateAsync(host);

        Assert.Null(rollout.At("replicas[0].draining"));
        Assert.False(SafeToRevoke(rollout));
    }

    [Fact]
    public async Task Rollout_RetiredKeyInUseElsewhereOrAgain_IsNotSafe()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var shared = Canaries.New("anthropic-key");
        await host.Admin.CreateProviderAsync("main", shared);
        await host.Admin.CreateProviderAsync("twin", shared);

        var rollout = (await host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "{{Canaries.New("anthropic-key")}}"}""")).Is(202);
        Assert.False(SafeToRevoke(rollout));
        Assert.Contains("'twin'", rollout.At("waiting_for[0]")!, StringComparison.Ordinal);

        (await host.Admin.DeleteAsync("providers/twin")).Is(204);
        Assert.True(SafeToRevoke(await ReadAsync(host, rollout)));

        (await host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "{{shared}}"}""")).Is(202);
        Assert.False(SafeToRevoke(await ReadAsync(host, rollout)));
    }

    [Fact]
    public async Task Rollouts_AreListedNewestFirst_InPages()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        await host.Admin.CreateProviderAsync("other", Canaries.New("anthropic-key"));
        var generations = new List<string>();
        foreach (var name in (string[])["main", "main", "other", "main"])
        {
            generations.Add((await host.Admin.PostAsync($"providers/{name}/rotate", $$"""{"api_key": "{{Canaries.New("anthropic-key")}}"}""")).Is(202).At("generation")!);
        }

        var first = (await host.Admin.GetAsync("rollouts?limit=3")).Is(200);
        var second = (await host.Admin.GetAsync($"rollouts?limit=3&after={first.At("next")}")).Is(200);

        generations.Reverse();
        Assert.Equal(generations, first.Items.Concat(second.Items).Select(item => item!["generation"]!.ToString()));
        Assert.Null(second.At("next"));
        Assert.Single((await host.Admin.GetAsync("rollouts?provider=other")).Items);
        (await host.Admin.GetAsync("rollouts?limit=0")).IsProblem(400);
        (await host.Admin.GetAsync($"rollouts/{Guid.CreateVersion7()}")).IsProblem(404);
        (await host.Admin.GetAsync("rollouts/x")).IsProblem(400);
    }

    private static async Task<ApiReply> RotateAsync(ControlPlaneHost host)
    {
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        return (await host.Admin.PostAsync("providers/main/rotate", $$"""{"api_key": "{{Canaries.New("anthropic-key")}}"}""")).Is(202);
    }

    private static async Task<ApiReply> ReadAsync(ControlPlaneHost host, ApiReply rollout) => (await host.Admin.GetAsync($"rollouts/{rollout.At("id")}")).Is(200);

    private static bool SafeToRevoke(ApiReply rollout) => rollout.Json["safe_to_revoke"]!.GetValue<bool>();

    private static string Draining(ApiReply rollout, int leases) => $"[{Bridge(leases, rollout.At("retired_keys[0].id")!)}]";

    private static string Bridge(int leases, params string[] keyIds) => new JsonObject
    {
        ["provider_id"] = Guid.CreateVersion7(),
        ["revision"] = "0123",
        ["key_ids"] = new JsonArray([.. keyIds.Select(id => JsonValue.Create(id))]),
        ["leases"] = leases,
        ["since"] = "2030-01-01T00:00:00Z",
        ["added_by_a_later_release"] = true,
    }.ToJsonString();
}
