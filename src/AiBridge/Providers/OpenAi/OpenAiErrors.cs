namespace Trinity.AiBridge.Providers.OpenAi;

/// <summary>Errors as the OpenAI APIs write them: JSON bodies, chat stream chunks, and Responses events.</summary>
internal static class OpenAiErrors
{
    public static byte[] Body(BridgeError error) => DialectWriter.Json(json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("error");
        json.WriteString("message", error.Message);
        json.WriteString("type", TypeOf(error.Status));
        json.WriteNull("param");
        json.WriteString("code", error.Code);
        json.WriteEndObject();
        json.WriteEndObject();
    });

    public static byte[] ChatEvent(BridgeError error) => DialectWriter.Frame("data: "u8, Body(error), "\n\ndata: [DONE]\n\n"u8);

    public static byte[] ResponsesEvent(BridgeError error) => DialectWriter.Frame("event: error\ndata: "u8, DialectWriter.Json(json =>
    {
        json.WriteStartObject();
        json.WriteString("type", "error");
        json.WriteString("code", error.Code);
        json.WriteString("message", error.Message);
        json.WriteNull("param");
        json.WriteEndObject();
    }), "\n\n"u8);

    private static string TypeOf(int status) => status switch
    {
        401 => "authentication_error",
        403 => "permission_error",
        429 => "rate_limit_error",
        >= 500 => "server_error",
        _ => "invalid_request_error",
    };
}
