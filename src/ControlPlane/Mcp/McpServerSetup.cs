using System.Text.Json;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Trinity.ControlPlane.Http;
using Trinity.Shared.Hosting;

namespace Trinity.ControlPlane.Mcp;

/// <summary>What every request's server is made of: name, tools, and what becomes of failures. Made with the first request, and not changed afterwards.</summary>
internal sealed class McpServerSetup
{
    private const string Instructions = """
        Trinity runs coding agents in containers and gives them subscriptions to work on. A subscription is a plan's token under a name; many agents can share one.
        A new token or another subscription reaches running agents without a restart: tasks that run finish on what they began with, and `rollout` says when the old token is out of use.
        """;

    private readonly ILogger<McpServerSetup> _logger;

    public McpServerSetup(SubscriptionTools subscriptions, AgentTools agents, ILogger<McpServerSetup> logger)
    {
        _logger = logger;
        Options = new McpServerOptions
        {
            ServerInfo = new Implementation { Name = "trinity", Title = "Trinity control plane", Version = TrinityHosting.Version },
            ServerInstructions = Instructions,
            Capabilities = new ServerCapabilities { Tools = new ToolsCapability() },
            ToolCollection = [.. subscriptions.All(), .. agents.All()],
            ScopeRequests = false,
        };
        Options.Filters.Message.IncomingFilters.Add(next => (context, cancellationToken) => HandleAsync(next, context, cancellationToken));
    }

    public McpServerOptions Options { get; }

    // Without this the server would answer "An error occurred.", and nobody would know which.
    private async Task HandleAsync(McpMessageHandler next, MessageContext context, CancellationToken cancellationToken)
    {
        try
        {
            await next(context, cancellationToken);
        }
        catch (JsonException malformed)
        {
            throw new McpProtocolException(McpRefusal.ParametersMessage(malformed), McpErrorCode.InvalidParams);
        }
        catch (Exception exception) when (exception is not (McpException or OperationCanceledException))
        {
            throw new McpException(ApiExceptionHandler.Unexpected(_logger, HttpMethods.Post, McpEndpoint.Path, exception).Detail);
        }
    }
}
