using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;

namespace Trinity.ControlPlane.Tests.Rollouts;

/// <summary>Two providers were configured with the same key, each under a key id of its own: the key is out of use when both are.</summary>
public sealed class SharedSecretRolloutTests
{
    [Theory]
    [InlineData("rotate")]
    [InlineData("delete")]
    public async Task Rollout_SameKeyRetiredLaterElsewhere_WaitsForThatGenerationAndItsRequests(string how)
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var (_, twin) = await CreateTwinsAsync(host);
        var first = await host.Admin.RotateAsync("main");
        var replica = await host.AddReplicaAsync(first.Generation());
        await RetireTwinAsync(host, how);

        // It has applied the rollout, and still begins requests with the other provider's key.
        first = await host.Admin.ReadAsync(first);
        Assert.Equal("true", first.At("replicas[0].applied"));
        Assert.False(first.SafeToRevoke());
        Assert.Contains("by which another rollout retires the same key", first.WaitingFor(), StringComparison.Ordinal);

        var last = await host.RevisionAsync();
        await host.SetReplicaAsync(replica, $"generation = {last}, draining = '[{RolloutCalls.Bridge(2, twin)}]'");
        first = await host.Admin.ReadAsync(first);
        Assert.Equal(("2", "2"), (first.At("replicas[0].draining"), first.At("in_flight_on_old")));
        Assert.False(first.SafeToRevoke());

        await host.SetReplicaAsync(replica, "draining = '[]'");
        Assert.True((await host.Admin.ReadAsync(first)).SafeToRevoke());
    }

    [Fact]
    public async Task Rollout_SameKeyRetiredBeforeElsewhere_WaitsForThoseRequests()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var (_, twin) = await CreateTwinsAsync(host);
        await RetireTwinAsync(host, "rotate");
        var rollout = await host.Admin.RotateAsync("main");
        var replica = await host.AddReplicaAsync(rollout.Generation(), draining: $"[{RolloutCalls.Bridge(1, twin)}]");
        Assert.False((await host.Admin.ReadAsync(rollout)).SafeToRevoke());

        await host.SetReplicaAsync(replica, "draining = '[]'");
        Assert.True((await host.Admin.ReadAsync(rollout)).SafeToRevoke());
    }

    [Fact]
    public async Task Rollout_OfOneReplicaOnly_TheSlowestIsWaitedFor()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await CreateTwinsAsync(host);
        var first = await host.Admin.RotateAsync("main");
        var slow = await host.AddReplicaAsync(first.Generation());
        await RetireTwinAsync(host, "rotate");
        var last = await host.RevisionAsync();
        await host.AddReplicaAsync(last);
        Assert.False((await host.Admin.ReadAsync(first)).SafeToRevoke());

        await host.SetReplicaAsync(slow, $"generation = {last}");
        Assert.True((await host.Admin.ReadAsync(first)).SafeToRevoke());
    }

    [Fact]
    public async Task Rollout_AnotherKeyRetiredElsewhere_IsOfNoConcern()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));
        var other = await host.Admin.CreateProviderAsync("other", Canaries.New("anthropic-key"));
        var rollout = await host.Admin.RotateAsync("main");
        await host.AddReplicaAsync(rollout.Generation(), draining: $"[{RolloutCalls.Bridge(3, other.KeyId(0))}]");
        await host.Admin.RotateAsync("other");

        rollout = await host.Admin.ReadAsync(rollout);

        Assert.Equal("0", rollout.At("in_flight_on_old"));
        Assert.True(rollout.SafeToRevoke());
    }

    private static async Task<(string Main, string Twin)> CreateTwinsAsync(ControlPlaneHost host)
    {
        var shared = Canaries.New("anthropic-key");
        var main = await host.Admin.CreateProviderAsync("main", shared);
        var twin = await host.Admin.CreateProviderAsync("twin", shared);
        return (main.KeyId(0), twin.KeyId(0));
    }

    private static async Task RetireTwinAsync(ControlPlaneHost host, string how)
    {
        if (how == "delete")
        {
            (await host.Admin.DeleteAsync("providers/twin")).Is(204);
        }
        else
        {
            await host.Admin.RotateAsync("twin");
        }
    }
}
