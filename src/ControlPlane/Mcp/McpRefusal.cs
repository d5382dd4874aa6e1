using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;

namespace Trinity.ControlPlane.Mcp;

/// <summary>Why a POST to <c>/mcp</c> is not served: a JSON-RPC error under an HTTP status of its own.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Code">The JSON-RPC error's code.</param>
/// <param name="Message">What is wrong, and what to do; never the text that was sent.</param>
/// <param name="Id">The request's, when it could be read.</param>
internal sealed record McpRefusal(int Status, McpErrorCode Code, string Message, RequestId Id = default)
{
    private static readonly JsonTypeInfo<JsonRpcError> Form = (JsonTypeInfo<JsonRpcError>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcError));

    /// <summary>For parameters that do not have the form of their method.</summary>
    public static McpRefusal Parameters(JsonRpcMessage message, JsonException malformed) =>
        new(StatusCodes.Status400BadRequest, McpErrorCode.InvalidParams, ParametersMessage(malformed), message is JsonRpcRequest request ? request.Id : default);

    // The exception's own message speaks of types; its path is of help.
    public static string ParametersMessage(JsonException malformed) =>
        $"The parameters do not have the form that the protocol gives them{(malformed.Path is { Length: > 1 } path ? $": {path} is wrong" : "")}.";

    public Task ExecuteAsync(HttpContext http) =>
        Results.Json(new JsonRpcError { Id = Id, Error = new() { Code = (int)Code, Message = Message } }, Form, statusCode: Status).ExecuteAsync(http);
}
