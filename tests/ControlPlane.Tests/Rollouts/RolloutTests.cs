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

        Assert.True(rollout.SafeToRevoke());
        Assert.Empty(rollout.Json["replicas"]!.AsArray());
    }

    [Fact]
    public async Task Rollout_ReplicaBehind_ThenApplied_ThenDrained()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var replica = await host.AddReplicaAsync(generation: 1);
        var rollout = await RotateAsync(host);
        Assert.Equal("false", rollout.At("replicas[0].applied"));
        Assert.False(rollout.SafeToRevoke());
        Assert.Contains("serves generation 1", rollout.At("waiting_for[0]")!, StringComparison.Ordinal);

        await host.SetReplicaAsync(replica, $"generation = {rollout.At("generation")}, draining = '{Draining(rollout, leases: 3)}'");
        rollout = await host.Admin.ReadAsync(rollout);
        Assert.Equal("true", rollout.At("replicas[0].applied"));
        Assert.Equal("3", rollout.At("replicas[0].draining"));
        Assert.Equal("3", rollout.At("in_flight_on_old"));
        Assert.Equal("live", rollout.At("replicas[0].state"));
        Assert.False(rollout.SafeToRevoke());

        await host.SetReplicaAsync(replica, "draining = '[]'");
        rollout = await host.Admin.ReadAsync(rollout);
        Assert.Equal("0", rollout.At("in_flight_on_old"));
        Assert.True(rollout.SafeToRevoke());
        Assert.Empty(rollout.Json["waiting_for"]!.AsArray());
    }

    [Fact]
    public async Task Rollout_SumsOverReplicasAndBridges_ThatUseARetiredKey()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var rollout = await RotateAsync(host);
        var generation = rollout.Generation();
        var (retired, other) = (rollout.At("retired_keys[0].id")!, Guid.CreateVersion7().ToString());
        await host.AddReplicaAsync(generation, draining: $"[{RolloutCalls.Bridge(4, other, retired)}, {RolloutCalls.Bridge(5, retired)}, {RolloutCalls.Bridge(100, other)}]");
        await host.AddReplicaAsync(generation + 3, draining: $"[{RolloutCalls.Bridge(1, retired)}]");

        rollout = await host.Admin.ReadAsync(rollout);

        Assert.Equal("10", rollout.At("in_flight_on_old"));
        Assert.Equal(["1", "9"], rollout.Json["replicas"]!.AsArray().Select(replica => replica!["draining"]!.ToString()).Order(StringComparer.Ordinal));
        Assert.False(rollout.SafeToRevoke());
    }

    [Fact]
    public async Task Rollout_LostReplica_Blocks_UntilItIsRemoved()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var lost = await host.AddReplicaAsync(generation: 1000, live: false);

        var rollout = await RotateAsync(host);

        Assert.Equal("lost", rollout.At("replicas[0].state"));
        Assert.Equal("true", rollout.At("replicas[0].applied"));
        Assert.False(rollout.SafeToRevoke());
        Assert.Contains($"/api/v1/replicas/{lost}", rollout.At("waiting_for[0]")!, StringComparison.Ordinal);

        (await host.Admin.DeleteAsync($"replicas/{lost}")).Is(204);
        Assert.True((await host.Admin.ReadAsync(rollout)).SafeToRevoke());
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
        Assert.False(rollout.SafeToRevoke());
    }

    [Fact]
    public async Task Rollout_RetiredKeyInUseElsewhereOrAgain_IsNotSafe()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var shared = Canaries.New("anthropic-key");
        await host.Admin.CreateProviderAsync("main", shared);
        await host.Admin.CreateProviderAsync("twin", shared);

        var rollout = await host.Admin.RotateAsync("main");
        Assert.False(rollout.SafeToRevoke());
        Assert.Contains("'twin'", rollout.At("waiting_for[0]")!, StringComparison.Ordinal);

        (await host.Admin.DeleteAsync("providers/twin")).Is(204);
        Assert.True((await host.Admin.ReadAsync(rollout)).SafeToRevoke());

        await host.Admin.RotateAsync("main", shared);
        Assert.False((await host.Admin.ReadAsync(rollout)).SafeToRevoke());
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
            generations.Add((await host.Admin.RotateAsync(name)).At("generation")!);
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
        return await host.Admin.RotateAsync("main");
    }

    private static string Draining(ApiReply rollout, int leases) => $"[{RolloutCalls.Bridge(leases, rollout.At("retired_keys[0].id")!)}]";
}
