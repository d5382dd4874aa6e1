using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization.Metadata;
using ModelContextProtocol;
using ModelContextProtocol.Protocol;
using Trinity.ControlPlane.Http;

namespace Trinity.ControlPlane.Mcp;

/// <summary>Reads one POST as the JSON-RPC message that it is to hold, and checks what HTTP says beside it.</summary>
internal static class McpRequest
{
    private const string VersionHeader = "MCP-Protocol-Version";
    private const string MethodHeader = "Mcp-Method";
    private const string NameHeader = "Mcp-Name";

    /// <summary>The protocol's revision from which on headers repeat what is asked for.</summary>
    private const string NamingRevision = "2026-07-28";

    /// <summary>All that came before it.</summary>
    private static readonly string[] RevisionsBefore = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"];

    private static readonly JsonTypeInfo<JsonRpcMessage> Form = (JsonTypeInfo<JsonRpcMessage>)McpJsonUtilities.DefaultOptions.GetTypeInfo(typeof(JsonRpcMessage));

    public static async Task<(JsonRpcMessage? Message, McpRefusal? Refusal)> ReadAsync(HttpContext http)
    {
        if (CheckClient(http.Request) is { } unfit)
        {
            return (null, unfit);
        }

        JsonRpcMessage message;
        try
        {
            var body = await JsonBody.ReadObjectAsync(http.Request, http.RequestAborted);
            ReadTexts(body);
            message = body.Deserialize(Form)!;
        }
        catch (BadHttpRequestException bad)
        {
            return (null, new(bad.StatusCode, McpErrorCode.ParseError, bad.StatusCode == StatusCodes.Status413PayloadTooLarge ? JsonBody.TooLarge : bad.Message));
        }
        catch (JsonException)
        {
            return (null, new(StatusCodes.Status400BadRequest, McpErrorCode.InvalidRequest, "The body is no JSON-RPC 2.0 message: it must have \"jsonrpc\": \"2.0\", a method, and for a request an id that is a string or a number."));
        }
        catch (InvalidOperationException)
        {
            return (null, new(StatusCodes.Status400BadRequest, McpErrorCode.ParseError, "The body holds text that is no Unicode: half of a surrogate pair."));
        }

        if (CheckHeaders(http.Request, message) is { } mismatch)
        {
            return (null, mismatch);
        }

        message.Context = new JsonRpcMessageContext { User = http.User, ProtocolVersion = HeaderOf(http.Request, VersionHeader) };
        return (message, null);
    }

    /// <summary>Whether the client speaks a revision whose headers name method and tool.</summary>
    public static bool NamesWhatItAsks(HttpRequest request) => string.CompareOrdinal(HeaderOf(request, VersionHeader), NamingRevision) >= 0;

    // Half of a surrogate pair is found out when a text is read; in the server's hands that would be a failure of its own.
    private static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    ReadTexts(member.Value);
                }

                break;
        }
    }

    // A page that was lured here by a name that changed its address would send its origin; no MCP client is a page.
    private static McpRefusal? CheckClient(HttpRequest request) =>
        request.Headers.Origin.Count > 0
            ? new(StatusCodes.Status403Forbidden, McpErrorCode.InvalidRequest, "Web pages are not served here: send no Origin header.")
        : !request.GetTypedHeaders().Accept.Any(type => type.MatchesMediaType("text/event-stream"))
            ? new(StatusCodes.Status406NotAcceptable, McpErrorCode.InvalidRequest, "Replies are event streams; send Accept: application/json, text/event-stream.")
        : null;

    private static McpRefusal? CheckHeaders(HttpRequest http, JsonRpcMessage message)
    {
        if (message is not JsonRpcRequest request)
        {
            return null;
        }

        var revision = HeaderOf(http, VersionHeader);
        if (revision is not null && !NamesWhatItAsks(http) && !RevisionsBefore.Contains(revision, StringComparer.Ordinal))
        {
            return new(StatusCodes.Status400BadRequest, McpErrorCode.UnsupportedProtocolVersion, $"The header {VersionHeader} names no revision of the protocol; known are {string.Join(", ", RevisionsBefore)}, {NamingRevision}.", request.Id);
        }

        // Whoever routes or filters by a header must see what is done here.
        var parameters = request.Params as JsonObject;
        if (TextOf(parameters?["_meta"] as JsonObject, MetaKeys.ProtocolVersion) is { } inBody && inBody != revision)
        {
            return Mismatch(VersionHeader);
        }

        if (!NamesWhatItAsks(http))
        {
            return null;
        }

        if (HeaderOf(http, MethodHeader) != request.Method)
        {
            return Mismatch(MethodHeader);
        }

        return request.Method == RequestMethods.ToolsCall && TextOf(parameters, "name") is { } tool && (HeaderOf(http, NameHeader) is not { } named || McpHeaderEncoder.DecodeValue(named) != tool)
            ? Mismatch(NameHeader)
            : null;

        McpRefusal Mismatch(string header) => new(StatusCodes.Status400BadRequest, McpErrorCode.HeaderMismatch, $"The header {header} must name what the body asks for.", request.Id);
    }

    private static string? TextOf(JsonObject? parameters, string name) => parameters?[name] is JsonValue value && value.TryGetValue(out string? text) ? text : null;

    private static string? HeaderOf(HttpRequest request, string name) => request.Headers[name].ToString().Trim() is { Length: > 0 } value ? value : null;
}
