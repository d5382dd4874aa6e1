using System.Text.Json;

namespace Trinity.AiBridge.FunctionalTests.Proxy;

/// <summary>An error of the bridge's own as a client reads it, in whichever vendor's shape.</summary>
internal sealed record ErrorBody(string Shape, string Type, string Code, string Message)
{
    public const string Anthropic = "anthropic";
    public const string OpenAi = "openai";

    public static async Task<ErrorBody> OfAsync(HttpResponseMessage reply)
    {
        Assert.Equal("application/json", reply.Content.Headers.ContentType?.ToString());
        var error = Parse(await reply.Content.ReadAsStringAsync(Timeouts.Token), out var requestId);
        Assert.Equal(error.Shape == Anthropic ? reply.Headers.GetValues("X-Trinity-Interception-Id").Single() : null, requestId);
        return error;
    }

    public static ErrorBody Parse(string json, out string? requestId)
    {
        using var document = JsonDocument.Parse(json);
        var root = document.RootElement;
        var error = root.GetProperty("error");
        var type = error.GetProperty("type").GetString()!;
        var message = error.GetProperty("message").GetString()!;
        if (root.TryGetProperty("type", out var kind))
        {
            Assert.Equal("error", kind.GetString());
            requestId = root.GetProperty("request_id").GetString();
            return new ErrorBody(Anthropic, type, message[..message.IndexOf(':', StringComparison.Ordinal)], message);
        }

        requestId = null;
        Assert.Equal(JsonValueKind.Null, error.GetProperty("param").ValueKind);
        return new ErrorBody(OpenAi, type, error.GetProperty("code").GetString()!, message);
    }

    /// <summary>The shape that a client of this path expects.</summary>
    public static string ShapeOf(string path) => path.Contains("/v1/messages", StringComparison.Ordinal) ? Anthropic : OpenAi;
}
