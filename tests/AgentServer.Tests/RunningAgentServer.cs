using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Trinity.Shared.AgentApi;

namespace Trinity.AgentServer.Tests;

/// <summary>An agent server in this process, on a free port, and a client for it.</summary>
internal sealed class RunningAgentServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private Task? _stopped;

    private RunningAgentServer(WebApplication app, HttpClient client, CapturedLogs logs)
    {
        _app = app;
        Client = client;
        Logs = logs;
    }

    public HttpClient Client { get; }

    public CapturedLogs Logs { get; }

    public IServiceProvider Services => _app.Services;

    public static async Task<RunningAgentServer> StartAsync(string token = "", Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null, params IEnumerable<string> settings)
    {
        var logs = new CapturedLogs();
        var app = AgentServerApp.Create(
            ["--AgentServer:Listen=http://127.0.0.1:0", $"--AgentServer:Token={token}", .. settings.Select(setting => $"--AgentServer:{setting}")],
            builder =>
            {
                builder.Logging.AddProvider(logs);
                configure?.Invoke(builder);
            });
        map?.Invoke(app);
        await app.StartAsync(Timeouts.Token);
        return new RunningAgentServer(app, new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = new Uri(app.Urls.Single()), Timeout = Timeout.InfiniteTimeSpan }, logs);
    }

    public async Task<HttpResponseMessage> GetAsync(string path, string? authorization = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        if (authorization is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", authorization);
        }

        return await Client.SendAsync(request, Timeouts.Token);
    }

    public Task<HttpResponseMessage> PostTaskAsync(TaskRequest request, CancellationToken cancellationToken = default) =>
        Client.PostAsJsonAsync("/api/tasks", request, AgentApiJson.Default.TaskRequest, cancellationToken == default ? Timeouts.Token : cancellationToken);

    /// <summary>Runs a task to its end.</summary>
    public async Task<TaskView> RunAsync(TaskRequest request)
    {
        using var response = await PostTaskAsync(request);
        Assert.True(response.IsSuccessStatusCode, await response.Content.ReadAsStringAsync(Timeouts.Token));
        return (await response.Content.ReadFromJsonAsync(AgentApiJson.Default.TaskView, Timeouts.Token))!;
    }

    public async Task<TaskView> TaskAsync(string taskId) => (await Client.GetFromJsonAsync($"/api/tasks/{taskId}", AgentApiJson.Default.TaskView, Timeouts.Token))!;

    public async Task<IReadOnlyList<TaskView>> TasksAsync() => (await Client.GetFromJsonAsync("/api/tasks", AgentApiJson.Default.IReadOnlyListTaskView, Timeouts.Token))!;

    public Task<HttpResponseMessage> PostReloadAsync(ReloadTokenRequest request) =>
        Client.PostAsJsonAsync("/api/credentials/reload-token", request, AgentApiJson.Default.ReloadTokenRequest, Timeouts.Token);

    /// <summary>Reloads, and returns the status with the body.</summary>
    public async Task<(int Status, JsonElement Body)> ReloadAsync(ReloadTokenRequest request)
    {
        using var response = await PostReloadAsync(request);
        return ((int)response.StatusCode, JsonElement.Parse(await response.Content.ReadAsStringAsync(Timeouts.Token)));
    }

    public async Task<CredentialStatus> StatusAsync() => (await Client.GetFromJsonAsync("/api/credentials/status", AgentApiJson.Default.CredentialStatus, Timeouts.Token))!;

    public Task<string> MetricsAsync() => Client.GetStringAsync("/metrics", Timeouts.Token);

    /// <summary>Begins to stop it; the second call waits for the same.</summary>
    public Task StopAsync() => _stopped ??= ((IHost)_app).StopAsync(Timeouts.Token);

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Client.Dispose();
        await _app.DisposeAsync();
    }
}
