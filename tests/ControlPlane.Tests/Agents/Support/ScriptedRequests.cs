using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.Agents.Support;

/// <summary>Stands before an agent server: keeps what comes, and does as the script says.</summary>
internal sealed class ScriptedRequests(AgentScript script, string container) : IStartupFilter
{
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        var stopping = app.ApplicationServices.GetRequiredService<IHostApplicationLifetime>().ApplicationStopping;
        app.Use((context, server) => HandleAsync(context, server, stopping));
        next(app);
    };

    private async Task HandleAsync(HttpContext context, RequestDelegate server, CancellationToken stopping)
    {
        var path = context.Request.Path.Value!;
        var reload = path == AgentScript.Reload ? await ReadAsync(context) : null;
        script.Received($"{context.Request.Method} {path}", reload);
        context.Response.OnStarting(() =>
        {
            reload?.Status ??= context.Response.StatusCode; // before the client can know
            script.Changed();
            return Task.CompletedTask;
        });
        try
        {
            if (script.Take(path) is { } treatment)
            {
                await treatment(context, Served, stopping);
            }
            else
            {
                await server(context);
            }
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            context.Abort(); // the container was stopped while the request was held
        }
        finally
        {
            script.Changed();
        }

        // A reply that nobody is to hear never starts.
        async Task Served(HttpContext held)
        {
            await server(held);
            reload?.Status ??= held.Response.StatusCode;
            script.Changed();
        }
    }

    // The body is here before anything can hold the request: the agent has it, whatever becomes of the client.
    private async Task<ReceivedReload> ReadAsync(HttpContext context)
    {
        var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, context.RequestAborted);
        context.Request.Body = body;
        body.Position = 0;
        try
        {
            var request = JsonSerializer.Deserialize(body.ToArray(), AgentApiJson.Default.ReloadTokenRequest);
            if (request?.VirtualKey is { } key)
            {
                Canaries.Plant("agent's virtual key", key);
            }

            return new ReceivedReload(container, request);
        }
        catch (JsonException)
        {
            return new ReceivedReload(container, Request: null);
        }
    }
}
