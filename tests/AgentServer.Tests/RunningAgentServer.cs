using Microsoft.AspNetCore.Builder;

namespace Trinity.AgentServer.Tests;

/// <summary>An agent server in this process, on a free port, and a client for it.</summary>
internal sealed class RunningAgentServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private RunningAgentServer(WebApplication app, HttpClient client)
    {
        _app = app;
        Client = client;
    }

    public HttpClient Client { get; }

    public static async Task<RunningAgentServer> StartAsync(string token = "", Action<WebApplicationBuilder>? configure = null, Action<WebApplication>? map = null)
    {
        var app = AgentServerApp.Create(["--AgentServer:Listen=http://127.0.0.1:0", $"--AgentServer:Token={token}"], configure);
        map?.Invoke(app);
        await app.StartAsync(Timeouts.Token);
        return new RunningAgentServer(app, new HttpClient(new SocketsHttpHandler(), disposeHandler: true) { BaseAddress = new Uri(app.Urls.Single()) });
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

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.StopAsync(Timeouts.Token);
        await _app.DisposeAsync();
    }
}
