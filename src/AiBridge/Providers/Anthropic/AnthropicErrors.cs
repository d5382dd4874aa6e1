namespace Trinity.AiBridge.Providers.Anthropic;

/// <summary>Errors and pings as the Anthropic Messages API writes them.</summary>
internal static class AnthropicErrors
{
    public static readonly byte[] Ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n"u8.ToArray();

    public static byte[] Body(BridgeError error, Guid interceptionId) => DialectWriter.Json(json =>
    {
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteStartObject("error");
        json.WriteString("type", TypeOf(error.Status));
        json.WriteString("message", $"{error.Code}: {error.Message}");
        json.WriteEndObject();
        json.WriteString("request_id", interceptionId.ToString("D"));
        json.WriteEndObject();
    });

    public static byte[] StreamEvent(BridgeError error, Guid interceptionId) =>
        DialectWriter.Frame("event: error\ndata: "u8, Body(error, interceptionId), "\n\n"u8);

    private static string TypeOf(int status) => status switch
    {
        400 or 405 => "invalid_request_error",
        401 => "authentication_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 => "overloaded_error",
        504 => "timeout_error",
        _ => "api_error",
    };
}
