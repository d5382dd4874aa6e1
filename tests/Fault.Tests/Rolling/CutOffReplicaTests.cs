using System.Net;
using System.Text.Json;
using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Rolling;

/// <summary>A replica that Postgres does not hear of, and that serves on: the one that a proof must not forget.</summary>
public sealed class CutOffReplicaTests
{
    [Fact]
    public async Task SafeToRevoke_ReplicaIsCutOffFromPostgresAlone_IsNotSaidUntilItHasLeftTheOldKey()
    {
        await using var fleet = await Fleet.StartAsync(1);
        await using var proxy = new TcpFaultProxy(fleet.Database.Server.Port);
        var cutOff = await fleet.AddReplicaAsync(proxy.Port);
        fleet.Upstream.Respond(request => AnthropicMessage.Saying("Hello.").For(request));
        Assert.Equal(Fleet.FirstKey, await KeyOfAsync(fleet, cutOff));
        proxy.Fault = TcpFault.Blackhole;

        var id = (await fleet.RotateAsync(wait: false)).GetProperty("id").GetString();
        await Eventually.TrueAsync(async () => await KeyOfAsync(fleet, fleet.Replicas[0]) == Fleet.KeyOf(1), "the other replica works with the new key");
        await Eventually.TrueAsync(async () => (await UnsafeAsync(fleet, id)).GetRawText().Contains("lost", StringComparison.Ordinal), "the replica counts as lost");
        Assert.Equal(Fleet.FirstKey, await KeyOfAsync(fleet, cutOff));
        await UnsafeAsync(fleet, id);

        proxy.Fault = TcpFault.None;
        await Eventually.TrueAsync(async () => (await RolloutAsync(fleet, id)).GetProperty("safe_to_revoke").GetBoolean(), "the old key is safe to revoke");
        Assert.Equal(Fleet.KeyOf(1), await KeyOfAsync(fleet, cutOff));
    }

    private static Task<JsonElement> RolloutAsync(Fleet fleet, string? id) => fleet.ControlPlane.GetAsync($"/api/v1/rollouts/{id}");

    private static async Task<JsonElement> UnsafeAsync(Fleet fleet, string? id)
    {
        var rollout = await RolloutAsync(fleet, id);
        Assert.False(rollout.GetProperty("safe_to_revoke").GetBoolean());
        return rollout.GetProperty("waiting_for");
    }

    /// <summary>The key that the upstream sees when this replica is asked.</summary>
    private static async Task<string?> KeyOfAsync(Fleet fleet, Replica replica)
    {
        using var client = LoopbackHttp.CreateClient();
        using var request = fleet.Request(replica.Url);
        using var reply = await client.SendAsync(request, Timeouts.Token);
        Assert.Equal(HttpStatusCode.OK, reply.StatusCode);
        return fleet.Upstream.Requests[^1].Key;
    }
}
