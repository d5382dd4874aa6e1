using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Trinity.ControlPlane.Authentication;

namespace Trinity.ControlPlane.Mcp;

/// <summary><c>/mcp</c>: the Model Context Protocol over Streamable HTTP, stateless. Each POST is served by a server of its own, so any replica answers any of them.</summary>
internal static class McpEndpoint
{
    public const string Path = "/mcp";

    public static IServiceCollection AddMcp(this IServiceCollection services) =>
        services.AddSingleton<ToolRunner>().AddSingleton<SubscriptionTools>().AddSingleton<AgentTools>().AddSingleton<McpServerSetup>();

    public static void MapMcp(this IEndpointRouteBuilder app) =>
        app.MapPost(Path, HandleAsync).RequireAuthorization(OperatorPolicies.AnyOperator).ExcludeFromDescription();

    private static async Task HandleAsync(HttpContext http, McpServerSetup setup)
    {
        var (message, refusal) = await McpRequest.ReadAsync(http);
        if (message is null)
        {
            await refusal!.ExecuteAsync(http);
            return;
        }

        var transport = new StreamableHttpServerTransport { Stateless = true };
        // No logger: at level Trace the library writes down messages as they came, and with them tokens. What goes wrong, McpServerSetup and ToolRunner log.
        await using var server = McpServer.Create(transport, setup.Options, loggerFactory: null, http.RequestServices);
        var running = server.RunAsync(http.RequestAborted);
        try
        {
            http.Response.ContentType = "text/event-stream";
            http.Response.Headers["X-Accel-Buffering"] = "no"; // nginx would keep the reply until it is whole
            if (!await transport.HandlePostRequestAsync(message, http.Response.Body, first => SetStatus(http, first), http.RequestAborted))
            {
                http.Response.ContentType = null;
                http.Response.StatusCode = StatusCodes.Status202Accepted; // a notification has no reply
            }
        }
        catch (System.Text.Json.JsonException malformed) when (!http.Response.HasStarted)
        {
            await McpRefusal.Parameters(message, malformed).ExecuteAsync(http); // of `initialize`, which the transport reads itself
        }
        finally
        {
            await transport.DisposeAsync();
            await running;
        }
    }

    // The protocol wants some errors to be seen in the status too; 404 only since its revision without sessions, before which it meant a lost one.
    private static ValueTask SetStatus(HttpContext http, JsonRpcMessage? first)
    {
        if (first is JsonRpcError { Error: var error } && !http.Response.HasStarted)
        {
            http.Response.StatusCode = (McpErrorCode)error.Code switch
            {
                McpErrorCode.UnsupportedProtocolVersion or McpErrorCode.HeaderMismatch or McpErrorCode.MissingRequiredClientCapability => StatusCodes.Status400BadRequest,
                McpErrorCode.MethodNotFound when McpRequest.NamesWhatItAsks(http.Request) => StatusCodes.Status404NotFound,
                _ => http.Response.StatusCode,
            };
        }

        return ValueTask.CompletedTask;
    }
}
