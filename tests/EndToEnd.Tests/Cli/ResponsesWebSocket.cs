using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;

namespace Trinity.EndToEnd.Tests.Cli;

/// <summary>The provider's side of the Responses API over a WebSocket: every request is answered with the events that a stream would carry, one per message.</summary>
internal sealed class ResponsesWebSocket(OpenAiResponse reply)
{
    private readonly ConcurrentQueue<string> _received = new();

    /// <summary>The client's messages.</summary>
    public IReadOnlyCollection<string> Received => _received;

    public async Task RunAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        while (await ReadAsync(socket, cancellationToken) is { } message)
        {
            _received.Enqueue(message);
            foreach (var frame in reply.Frames())
            {
                var data = frame[(frame.IndexOf("data: ", StringComparison.Ordinal) + "data: ".Length)..].TrimEnd();
                await socket.SendAsync(Encoding.UTF8.GetBytes(data), WebSocketMessageType.Text, endOfMessage: true, cancellationToken);
            }
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
    }

    /// <summary>The next message; null when the client closes.</summary>
    private static async Task<string?> ReadAsync(WebSocket socket, CancellationToken cancellationToken)
    {
        using var message = new MemoryStream();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var part = await socket.ReceiveAsync(buffer.AsMemory(), cancellationToken);
            if (part.MessageType == WebSocketMessageType.Close)
            {
                return null;
            }

            message.Write(buffer, 0, part.Count);
            if (part.EndOfMessage)
            {
                return Encoding.UTF8.GetString(message.ToArray());
            }
        }
    }
}
