using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Trinity.TestSupport.Services;

/// <summary>What an operator does through the control plane's API. Every write waits until the fleet has applied it.</summary>
public sealed class ControlPlaneClient(string address, string operatorToken) : IDisposable
{
    private readonly HttpClient _http = LoopbackHttp.CreateClient(address);

    public Task<JsonElement> AddProviderAsync(string name, string type, string baseUrl, string key, object? settings = null) =>
        PostAsync("/api/v1/providers?wait=applied", new { name, type, base_url = baseUrl, api_keys = new[] { key }, settings });

    /// <summary>The new key, which the API shows this once.</summary>
    public async Task<string> AddVirtualKeyAsync(string name) =>
        (await PostAsync("/api/v1/virtual-keys?wait=applied", new { name })).GetProperty("key").GetString()!;

    /// <summary>Replaces the provider's first key; returns the rollout.</summary>
    public Task<JsonElement> RotateAsync(string provider, string key) => PostAsync($"/api/v1/providers/{provider}/rotate?wait=applied", new { api_key = key });

    public Task<JsonElement> RolloutAsync(string id) => GetAsync($"/api/v1/rollouts/{id}");

    /// <summary>Waits for so many records of a provider's requests and returns them, oldest first.</summary>
    public async Task<IReadOnlyList<JsonElement>> InterceptionsAsync(string provider, int count)
    {
        List<JsonElement> items = [];
        await Eventually.TrueAsync(
            async () => (items = [.. (await GetAsync($"/api/v1/interceptions?provider={provider}")).GetProperty("items").EnumerateArray()]).Count >= count,
            $"{count} requests to {provider} are recorded");
        if (items.Count != count)
        {
            throw new InvalidOperationException($"{items.Count} requests to {provider} are recorded, not {count}.");
        }

        items.Reverse();
        return items;
    }

    public async Task<JsonElement> GetAsync(string path) => JsonElement.Parse(await SuccessAsync(HttpMethod.Get, path));

    public async Task<JsonElement> PostAsync(string path, object body) => JsonElement.Parse(await SuccessAsync(HttpMethod.Post, path, body));

    /// <summary>Any call, any status; the reply as it came, headers included.</summary>
    public async Task<(HttpStatusCode Status, string Text, string Body)> SendAsync(HttpMethod method, string path, object? body = null, string? token = null)
    {
        using var request = new HttpRequestMessage(method, path) { Headers = { Authorization = new AuthenticationHeaderValue("Bearer", token ?? operatorToken) } };
        if (body is not null)
        {
            request.Content = body as HttpContent ?? JsonContent.Create(body);
        }

        using var reply = await _http.SendAsync(request, Timeouts.Token);
        var text = await reply.Content.ReadAsStringAsync(Timeouts.Token);
        return (reply.StatusCode, $"{(int)reply.StatusCode}\n{reply.Headers}{reply.Content.Headers}\n{text}", text);
    }

    public void Dispose() => _http.Dispose();

    private async Task<string> SuccessAsync(HttpMethod method, string path, object? body = null)
    {
        var (status, text, content) = await SendAsync(method, path, body);
        return (int)status is >= 200 and < 300 ? content : throw new InvalidOperationException($"{method} {path} was answered {text}");
    }
}
