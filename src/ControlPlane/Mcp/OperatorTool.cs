using System.Text.Json;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Mcp;

/// <summary>A call of a tool: who wants it, and with what.</summary>
internal sealed record ToolCall(string Operator, JsonFields Arguments)
{
    /// <summary>The name or id of something, which must be given; errors are kept with the arguments.</summary>
    public string? Target(string name, string what)
    {
        var target = Arguments.Raw(name).Value;
        if (target is null && Arguments.Errors.TrueForAll(error => error.Field != name))
        {
            Arguments.Errors.Add(new(name, $"The name or the id of {what} is required."));
        }

        return target;
    }
}

/// <summary>One tool: its description for clients, and what it does.</summary>
internal sealed class OperatorTool(ToolRunner runner, Tool description, Func<ToolCall, CancellationToken, Task<Outcome<JsonElement>>> run) : McpServerTool
{
    public override Tool ProtocolTool => description;

    public override IReadOnlyList<object> Metadata => [];

    /// <summary>Whatever changes something is for admins.</summary>
    public bool ForAdmins => description.Annotations?.ReadOnlyHint is not true;

    public Task<Outcome<JsonElement>> RunAsync(ToolCall call, CancellationToken cancellationToken) => run(call, cancellationToken);

    public override ValueTask<CallToolResult> InvokeAsync(RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken = default) =>
        runner.RunAsync(this, request, cancellationToken);
}
