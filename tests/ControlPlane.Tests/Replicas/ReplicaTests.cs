using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Replicas;

public sealed class ReplicaTests
{
    [Fact]
    public async Task List_ShowsEachReplica_AndTheGenerationToReach()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.PostAsync("virtual-keys", """{"name": "ci"}""");
        var provider = Guid.CreateVersion7();
        var live = await host.AddReplicaAsync(
            generation: 1,
            draining: $$"""[{"provider_id": "{{provider}}", "revision": "r", "key_ids": ["{{provider}}"], "leases": 2, "since": "2030-01-01T00:00:00+00:00"}]""",
            errors: """[{"name": "x"}]""");
        var lost = await host.AddReplicaAsync(generation: 0, live: false, draining: "7");

        var fleet = (await host.Admin.GetAsync("replicas")).Is(200);

        Assert.Equal((await host.RevisionAsync()).ToString(System.Globalization.CultureInfo.InvariantCulture), fleet.At("generation"));
        var shown = fleet.Items.Single(item => item!["id"]!.GetValue<string>() == live.ToString())!;
        Assert.Equal("live", shown["state"]!.GetValue<string>());
        Assert.Equal(1, shown["generation"]!.GetValue<long>());
        Assert.Equal(2, shown["draining"]![0]!["leases"]!.GetValue<int>());
        Assert.Equal(provider.ToString(), shown["draining"]![0]!["key_ids"]![0]!.GetValue<string>());
        Assert.Equal("x", shown["errors"]![0]!["name"]!.GetValue<string>());
        var gone = fleet.Items.Single(item => item!["id"]!.GetValue<string>() == lost.ToString())!;
        Assert.Equal("lost", gone["state"]!.GetValue<string>());
        Assert.Null(gone["draining"]);
    }

    [Fact]
    public async Task Remove_OnlyLostOnes()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var live = await host.AddReplicaAsync(generation: 1);
        var lost = await host.AddReplicaAsync(generation: 1, live: false);

        (await host.Admin.DeleteAsync($"replicas/{live}")).IsProblem(409);
        (await host.Admin.DeleteAsync($"replicas/{lost}")).Is(204);
        (await host.Admin.DeleteAsync($"replicas/{lost}")).IsProblem(404);
        (await host.Admin.DeleteAsync("replicas/x")).IsProblem(400);

        Assert.Single((await host.Admin.GetAsync("replicas")).Items);
        Assert.Contains(await host.AuditAsync(), entry => entry.StartsWith($"replica.remove {lost}", StringComparison.Ordinal));
    }
}
