using System.Globalization;
using System.Text.Json.Nodes;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Rollouts;

/// <summary>What tests do with rollouts again and again.</summary>
internal static class RolloutCalls
{
    /// <summary>Puts another key, or this one, in the place of a provider's first.</summary>
    public static async Task<ApiReply> RotateAsync(this ApiClient api, string provider, string? key = null) =>
        (await api.PostAsync($"providers/{provider}/rotate", $$"""{"api_key": "{{key ?? Canaries.New("anthropic-key")}}"}""")).Is(202);

    /// <summary>Reads a rollout anew.</summary>
    public static async Task<ApiReply> ReadAsync(this ApiClient api, ApiReply rollout) => (await api.GetAsync($"rollouts/{rollout.At("id")}")).Is(200);

    public static bool SafeToRevoke(this ApiReply rollout) => rollout.Json["safe_to_revoke"]!.GetValue<bool>();

    public static long Generation(this ApiReply rollout) => long.Parse(rollout.At("generation")!, CultureInfo.InvariantCulture);

    public static string WaitingFor(this ApiReply rollout) => string.Join('\n', rollout.Json["waiting_for"]!.AsArray().Select(text => text!.GetValue<string>()));

    /// <summary>A retired bridge, as a replica reports it.</summary>
    public static string Bridge(int leases, params string[] keyIds) => new JsonObject
    {
        ["provider_id"] = Guid.CreateVersion7(),
        ["revision"] = "0123",
        ["key_ids"] = new JsonArray([.. keyIds.Select(id => JsonValue.Create(id))]),
        ["leases"] = leases,
        ["since"] = "2030-01-01T00:00:00Z",
        ["added_by_a_later_release"] = true,
    }.ToJsonString();
}
