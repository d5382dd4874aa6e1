using System.Text.Json;

namespace Trinity.EndToEnd.Tests.Services;

/// <summary>What an operator watches after a rotation.</summary>
internal static class Rollouts
{
    /// <summary>The rollout, once it shows one request that still runs on a retired key.</summary>
    public static Task<JsonElement> WhenDrainingAsync(ControlPlaneClient controlPlane, JsonElement rotated) =>
        WhenAsync(controlPlane, rotated, rollout => rollout.GetProperty("in_flight_on_old").GetInt64() == 1, "the rollout shows the running request");

    /// <summary>The rollout, once the retired keys are out of use everywhere.</summary>
    public static Task<JsonElement> WhenSafeToRevokeAsync(ControlPlaneClient controlPlane, JsonElement rotated) =>
        WhenAsync(controlPlane, rotated, rollout => rollout.GetProperty("safe_to_revoke").GetBoolean(), "the retired key is safe to revoke");

    private static async Task<JsonElement> WhenAsync(ControlPlaneClient controlPlane, JsonElement rotated, Func<JsonElement, bool> condition, string because)
    {
        var rollout = rotated;
        await Eventually.TrueAsync(async () => condition(rollout = await controlPlane.RolloutAsync(rotated.GetProperty("id").GetString()!)), because);
        return rollout;
    }
}
