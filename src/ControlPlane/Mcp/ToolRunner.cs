using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using Microsoft.AspNetCore.Http.Json;
using Microsoft.Extensions.Options;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using ModelContextProtocol.Server;
using Trinity.ControlPlane.Authentication;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Mcp;

/// <summary>Runs a tool for an operator, and puts what comes of it in the API's own JSON: as structured content, and the same as text.</summary>
internal sealed class ToolRunner(IOptions<JsonOptions> json, ILogger<ToolRunner> logger)
{
    private static readonly JsonTypeInfo ArgumentsForm = McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(IDictionary<string, JsonElement>));
    private static readonly IDictionary<string, JsonElement> NoArguments = new Dictionary<string, JsonElement>(StringComparer.Ordinal);

    public JsonElement ToJson<T>(T value) => JsonSerializer.SerializeToElement(value, json.Value.SerializerOptions.GetTypeInfo(typeof(T)));

    public async ValueTask<CallToolResult> RunAsync(OperatorTool tool, RequestContext<CallToolRequestParams> request, CancellationToken cancellationToken)
    {
        var user = request.User ?? throw new InvalidOperationException("A tool was called without an operator.");
        if (tool.ForAdmins && !user.IsInRole(OperatorRoles.Admin))
        {
            return Failure(OperatorAuthentication.Forbidden(user));
        }

        try
        {
            var arguments = JsonSerializer.SerializeToElement(request.Params.Arguments ?? NoArguments, ArgumentsForm);
            return (await tool.RunAsync(new ToolCall(user.OperatorName(), new JsonFields(arguments, "", [])), cancellationToken)).Failed(out var problem, out var reply)
                ? Failure(problem)
                : new CallToolResult { StructuredContent = reply, Content = [new TextContentBlock { Text = reply.GetRawText() }] };
        }
        catch (Exception exception) when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            return Failure(ApiExceptionHandler.Unexpected(logger, HttpMethods.Post, $"{McpEndpoint.Path} {tool.ProtocolTool.Name}", exception));
        }
    }

    private CallToolResult Failure(Problem problem)
    {
        var content = new JsonObject { ["status"] = problem.Status, ["title"] = problem.Title, ["detail"] = problem.Detail };
        var text = new List<string> { $"{problem.Title}: {problem.Detail}" };
        if (problem.ErrorsByField() is { } errors)
        {
            content["errors"] = JsonNode.Parse(ToJson(errors).GetRawText());
            text.AddRange(errors.Select(error => $"{error.Key}: {string.Join(' ', error.Value)}"));
        }

        return new CallToolResult { IsError = true, StructuredContent = JsonElement.Parse(content.ToJsonString()), Content = [new TextContentBlock { Text = string.Join('\n', text) }] };
    }
}
