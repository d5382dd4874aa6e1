using System.Net.Http.Headers;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Secrets;

namespace Trinity.ControlPlane.CredentialReload;

/// <summary>Where an agent server is, and the token it asks for.</summary>
internal sealed record AgentEndpoint(Uri BaseAddress, SecretString Token);

/// <summary>Speaks to agent servers. Every call has its own limit; what an agent answers is read up to <see cref="MaxReply"/> bytes.</summary>
internal sealed class AgentClient(TimeProvider time) : IDisposable
{
    /// <summary>The largest reply that is read whole.</summary>
    public const int MaxReply = 8 * 1024 * 1024;

    public static readonly TimeSpan ReloadLimit = TimeSpan.FromSeconds(10);
    public static readonly TimeSpan StatusLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan HealthLimit = TimeSpan.FromSeconds(2);

    private readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false, // a redirect could lead anywhere, credential in hand
        ConnectTimeout = TimeSpan.FromSeconds(3),
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(30),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        MaxResponseContentBufferSize = MaxReply,
    };

    /// <summary>Whether it answers its health check.</summary>
    public async Task<bool> IsHealthyAsync(AgentEndpoint agent, CancellationToken cancellationToken) =>
        (await SendAsync(agent, HttpMethod.Get, "health", null, AgentReplyJson.Default.AgentHealth, HealthLimit, cancellationToken)).Value is not null;

    public Task<AgentReply<ReloadTokenReply>> ReloadAsync(AgentEndpoint agent, ReloadTokenRequest request, CancellationToken cancellationToken) =>
        SendAsync(agent, HttpMethod.Post, "api/credentials/reload-token", JsonContent.Create(request, AgentApiJson.Default.ReloadTokenRequest), AgentApiJson.Default.ReloadTokenReply, ReloadLimit, cancellationToken);

    public Task<AgentReply<CredentialStatus>> StatusAsync(AgentEndpoint agent, CancellationToken cancellationToken) =>
        SendAsync(agent, HttpMethod.Get, "api/credentials/status", null, AgentApiJson.Default.CredentialStatus, StatusLimit, cancellationToken);

    public Task<AgentReply<IReadOnlyList<TaskView>>> TasksAsync(AgentEndpoint agent, CancellationToken cancellationToken) =>
        SendAsync(agent, HttpMethod.Get, "api/tasks", null, AgentApiJson.Default.IReadOnlyListTaskView, StatusLimit, cancellationToken);

    public Task<AgentReply<TaskView>> TaskAsync(AgentEndpoint agent, string id, CancellationToken cancellationToken) =>
        SendAsync(agent, HttpMethod.Get, $"api/tasks/{Uri.EscapeDataString(id)}", null, AgentApiJson.Default.TaskView, StatusLimit, cancellationToken);

    /// <summary>A request of a task's length, whose reply the caller reads as it comes.</summary>
    /// <exception cref="HttpRequestException">The agent cannot be reached.</exception>
    public Task<HttpResponseMessage> OpenAsync(AgentEndpoint agent, HttpMethod method, string path, HttpContent? content, string accept, CancellationToken cancellationToken)
    {
        var request = Request(agent, method, path, content);
        request.Headers.Accept.ParseAdd(accept);
        return _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken);
    }

    public void Dispose() => _http.Dispose();

    private async Task<AgentReply<T>> SendAsync<T>(
        AgentEndpoint agent, HttpMethod method, string path, HttpContent? content, JsonTypeInfo<T> type, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(limit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            using var request = Request(agent, method, path, content);
            using var response = await _http.SendAsync(request, either.Token);
            return response.IsSuccessStatusCode
                ? AgentReply<T>.Of(response.StatusCode, await ReadAsync(response, type, either.Token), null)
                : AgentReply<T>.Of(response.StatusCode, default, await ReadAsync(response, AgentReplyJson.Default.AgentProblem, either.Token));
        }
        catch (HttpRequestException unreachable)
        {
            return AgentReply<T>.None($"The agent cannot be reached: {unreachable.HttpRequestError}.");
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return AgentReply<T>.None($"The agent did not answer within {limit.TotalSeconds:0} seconds.");
        }
    }

    private static HttpRequestMessage Request(AgentEndpoint agent, HttpMethod method, string path, HttpContent? content)
    {
        var request = new HttpRequestMessage(method, new Uri(agent.BaseAddress, path)) { Content = content };
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", agent.Token.Reveal());
        return request;
    }

    // Anything may sit at that port; what is not the reply that was asked for is none.
    private static async Task<T?> ReadAsync<T>(HttpResponseMessage response, JsonTypeInfo<T> type, CancellationToken cancellationToken)
    {
        try
        {
            return await response.Content.ReadFromJsonAsync(type, cancellationToken);
        }
        catch (Exception garbage) when (garbage is JsonException or NotSupportedException or InvalidOperationException)
        {
            return default;
        }
    }
}
