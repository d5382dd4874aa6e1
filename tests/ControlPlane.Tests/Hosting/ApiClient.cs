using System.Net.Http.Headers;
using System.Text;

namespace Trinity.ControlPlane.Tests.Hosting;

/// <summary>Calls the API as one operator. Every reply is searched for planted secrets.</summary>
internal sealed class ApiClient(HttpClient http, string? token)
{
    public Task<ApiReply> GetAsync(string path) => SendAsync(HttpMethod.Get, path);

    public Task<ApiReply> PostAsync(string path, string? json = null, string? ifMatch = null) => SendAsync(HttpMethod.Post, path, json, ifMatch);

    public Task<ApiReply> PatchAsync(string path, string json, string? ifMatch = null) => SendAsync(HttpMethod.Patch, path, json, ifMatch);

    public Task<ApiReply> DeleteAsync(string path, string? ifMatch = null) => SendAsync(HttpMethod.Delete, path, json: null, ifMatch);

    public Task<ApiReply> SendAsync(HttpMethod method, string path, string? json = null, string? ifMatch = null)
    {
        var request = new HttpRequestMessage(method, path.StartsWith('/') ? path : $"/api/v1/{path}");
        if (json is not null)
        {
            request.Content = new StringContent(json, Encoding.UTF8, "application/json");
        }

        if (ifMatch is not null)
        {
            request.Headers.TryAddWithoutValidation("If-Match", ifMatch);
        }

        return SendAsync(request);
    }

    public async Task<ApiReply> SendAsync(HttpRequestMessage request)
    {
        using (request)
        {
            if (token is not null)
            {
                request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
            }

            using var response = await http.SendAsync(request, Timeouts.Token);
            var text = await response.Content.ReadAsStringAsync(Timeouts.Token);
            var headers = response.Headers.Concat(response.Content.Headers)
                .ToDictionary(header => header.Key, header => string.Join(", ", header.Value), StringComparer.OrdinalIgnoreCase);
            Canaries.AssertAbsentFrom($"{text}\n{string.Join('\n', headers)}", $"The reply to {request.Method} {request.RequestUri}");
            return new ApiReply(response.StatusCode, text, headers);
        }
    }
}
