using System.Net;
using System.Text.Json;

namespace Trinity.ControlPlane.Containers;

/// <summary>Reads the engine's refusals.</summary>
internal static class EngineErrors
{
    private const int LongestBody = 16 * 1024;

    // The engine reports these as its own failure (500), and has no code for them.
    private static readonly string[] TakenPort = ["port is already allocated", "address already in use"];

    public static async Task<EngineException> ReadAsync(EngineCall call, HttpResponseMessage reply)
    {
        var message = Message(await call.RunAsync(token => StartOfAsync(reply, token))) ?? $"The container engine answered {(int)reply.StatusCode}.";
        return new EngineException(FaultOf(reply.StatusCode, message), message);
    }

    private static EngineFault FaultOf(HttpStatusCode status, string message) => status switch
    {
        HttpStatusCode.NotFound => EngineFault.NotFound,
        HttpStatusCode.Conflict => EngineFault.Conflict,
        _ when Array.Exists(TakenPort, words => message.Contains(words, StringComparison.OrdinalIgnoreCase)) => EngineFault.Conflict,
        _ => EngineFault.Failed,
    };

    private static async Task<ReadOnlyMemory<byte>> StartOfAsync(HttpResponseMessage reply, CancellationToken cancellationToken)
    {
        await using var body = await reply.Content.ReadAsStreamAsync(cancellationToken);
        var buffer = new byte[LongestBody];
        return buffer.AsMemory(0, await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken));
    }

    private static string? Message(ReadOnlyMemory<byte> body)
    {
        try
        {
            return JsonSerializer.Deserialize(body.Span, EngineJson.Default.ErrorReply)?.Message is { Length: > 0 } message ? message : null;
        }
        catch (JsonException)
        {
            return null; // a proxy's page, say: the status has to do
        }
    }
}
