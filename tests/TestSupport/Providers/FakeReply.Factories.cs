using System.Globalization;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Trinity.TestSupport.Providers;

public sealed partial record FakeReply
{
    public static FakeReply Json(int status, string json) => Text(status, "application/json", json);

    public static FakeReply Text(int status, string contentType, string text) => Bytes(status, contentType, Encoding.UTF8.GetBytes(text));

    public static FakeReply Bytes(int status, string contentType, ReadOnlyMemory<byte> body) =>
        new FakeReply { Status = status, Pieces = [body] }.WithHeader("Content-Type", contentType);

    public static FakeReply Empty(int status) => new() { Status = status };

    /// <summary>A server-sent event stream; each frame is text that already ends in its blank line.</summary>
    public static FakeReply Sse(params IEnumerable<string> frames) =>
        new FakeReply { Chunked = true, Pieces = [.. frames.Select(frame => (ReadOnlyMemory<byte>)Encoding.UTF8.GetBytes(frame))] }
            .WithHeader("Content-Type", "text/event-stream; charset=utf-8")
            .WithHeader("Cache-Control", "no-cache");

    /// <summary>A server-sent event stream that the test writes itself, for as long as it likes; the head is out before, and the token fires when the client has left.</summary>
    public static FakeReply LiveSse(Func<Stream, CancellationToken, Task> write) => Sse() with { BodyWriter = write };

    /// <summary>429, with Retry-After in seconds when given.</summary>
    public static FakeReply TooManyRequests(int? retryAfterSeconds = null)
    {
        var reply = Json(429, """{"error":{"type":"rate_limit_error","message":"Too many requests for the fake provider."}}""");
        return retryAfterSeconds is { } seconds ? reply.WithHeader("Retry-After", seconds.ToString(CultureInfo.InvariantCulture)) : reply;
    }

    public static FakeReply Unauthorized() =>
        Json(401, """{"error":{"type":"authentication_error","message":"The fake provider does not know this key."}}""");

    public static FakeReply Redirect(string location, int status = 307) => Empty(status).WithHeader("Location", location);

    /// <summary>Resets the TCP connection without a byte of reply.</summary>
    public static FakeReply ResetBeforeHead() => new() { Ending = FakeEnding.Reset, SendsHead = false };

    /// <summary>Closes the TCP connection (FIN) without a byte of reply.</summary>
    public static FakeReply CloseBeforeHead() => new() { Ending = FakeEnding.Truncate, SendsHead = false };

    /// <summary>Sends nothing until the client leaves.</summary>
    public static FakeReply Never() => new() { Ending = FakeEnding.Hang, SendsHead = false };

    /// <summary>Accepts a WebSocket upgrade and sends every message back.</summary>
    public static FakeReply WebSocketEcho() => WebSocket(EchoWebSocket.RunAsync);

    /// <summary>Accepts a WebSocket upgrade and hands the socket to the test.</summary>
    public static FakeReply WebSocket(Func<WebSocket, CancellationToken, Task> handler) => new() { Status = 101, WebSocketHandler = handler };

    /// <summary>Answers with what arrived: method, path, query, headers and body as text.</summary>
    public static FakeReply Echo(FakeRequest request) => Json(200, JsonSerializer.Serialize(new
    {
        method = request.Method,
        path = request.Path,
        query = request.Query,
        headers = request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString(), StringComparer.Ordinal),
        body = request.BodyText,
    }));
}
