using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Trinity.TestSupport;

namespace Trinity.Bench.Demo;

/// <summary>What an operator does through the control plane's API.</summary>
internal sealed class ControlPlane(string address, string operatorToken) : IDisposable
{
    /// <summary>The provider's name, and so the first part of its path at the bridge.</summary>
    public const string Provider = "demo";

    private readonly HttpClient _http = LoopbackHttp.CreateClient(address);

    public async Task<Applied> AddProviderAsync(string baseUrl, DemoKey key, CancellationToken cancellationToken)
    {
        var reply = await SendAsync(
            HttpMethod.Post, "/api/v1/providers?wait=applied", new { name = Provider, type = "anthropic", base_url = baseUrl, api_keys = new[] { key.Secret } }, cancellationToken);
        return AppliedOf(reply);
    }

    /// <summary>The new virtual key, which the API shows this once.</summary>
    public async Task<string> AddVirtualKeyAsync(CancellationToken cancellationToken) =>
        (await SendAsync(HttpMethod.Post, "/api/v1/virtual-keys?wait=applied", new { name = Provider }, cancellationToken)).GetProperty("key").GetString()!;

    /// <summary>Replaces the provider's key, and returns once every live bridge has applied that.</summary>
    public async Task<(string Rollout, Applied Applied)> RotateAsync(DemoKey key, CancellationToken cancellationToken)
    {
        var reply = await SendAsync(HttpMethod.Post, $"/api/v1/providers/{Provider}/rotate?wait=applied", new { api_key = key.Secret }, cancellationToken);
        return (reply.GetProperty("id").GetString()!, AppliedOf(reply));
    }

    public async Task<Rollout> GetRolloutAsync(string id, CancellationToken cancellationToken)
    {
        var reply = await SendAsync(HttpMethod.Get, $"/api/v1/rollouts/{id}", body: null, cancellationToken);
        return new Rollout(
            reply.GetProperty("in_flight_on_old").GetInt64(),
            reply.GetProperty("safe_to_revoke").GetBoolean(),
            string.Join(' ', reply.GetProperty("waiting_for").EnumerateArray().Select(reason => reason.GetString())));
    }

    public void Dispose() => _http.Dispose();

    private async Task<JsonElement> SendAsync(HttpMethod method, string path, object? body, CancellationToken cancellationToken)
    {
        using var request = new HttpRequestMessage(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", operatorToken) } };
        request.Content = body is null ? null : JsonContent.Create(body);
        using var reply = await _http.SendAsync(request, cancellationToken);
        var text = await reply.Content.ReadAsStringAsync(cancellationToken);
        return reply.IsSuccessStatusCode ? JsonElement.Parse(text) : throw new HttpRequestException($"{method} {path} was answered {(int)reply.StatusCode}: {text}");
    }

    private static Applied AppliedOf(JsonElement reply)
    {
        var applied = reply.GetProperty("applied");
        return new Applied(applied.GetProperty("elapsed_ms").GetDouble(), applied.GetProperty("applied").GetInt32(), applied.GetProperty("complete").GetBoolean());
    }
}

/// <summary>How a write's wait for the fleet went.</summary>
internal sealed record Applied(double ElapsedMs, int Replicas, bool Complete);

/// <summary>How far the retirement of a key is.</summary>
internal sealed record Rollout(long InFlightOnOld, bool SafeToRevoke, string WaitingFor);
