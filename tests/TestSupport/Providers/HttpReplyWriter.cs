using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;

namespace Trinity.TestSupport.Providers;

/// <summary>Writes replies that keep to HTTP, through Kestrel.</summary>
internal static class HttpReplyWriter
{
    public static async Task WriteAsync(HttpContext context, FakeReply reply, CancellationToken cancellationToken)
    {
        if (reply.WebSocketHandler is { } handler)
        {
            await RunWebSocketAsync(context, handler, cancellationToken);
            return;
        }

        if (!reply.SendsHead)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }

        await WriteHeadAsync(context, reply, cancellationToken);
        if (reply.BodyWriter is { } write)
        {
            await context.Response.Body.FlushAsync(cancellationToken);
            await write(context.Response.Body, cancellationToken);
            return;
        }

        var budget = reply.Ending == FakeEnding.Complete ? int.MaxValue : reply.EndAfterBytes ?? int.MaxValue;
        foreach (var piece in reply.Pieces)
        {
            await ReplyTiming.BeforePieceAsync(reply, cancellationToken);
            var part = piece[..Math.Min(piece.Length, budget)];
            await context.Response.Body.WriteAsync(part, cancellationToken);
            await context.Response.Body.FlushAsync(cancellationToken);
            reply.Gate?.MarkWritten();
            budget -= part.Length;
            if (budget == 0)
            {
                break;
            }
        }

        if (reply.Ending == FakeEnding.Hang)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }
    }

    private static async Task WriteHeadAsync(HttpContext context, FakeReply reply, CancellationToken cancellationToken)
    {
        context.Response.StatusCode = reply.Status;
        foreach (var (name, value) in reply.Headers)
        {
            context.Response.Headers.Append(name, value);
        }

        if (!reply.Chunked && reply.Status is not (204 or 304))
        {
            context.Response.ContentLength = reply.Pieces.Sum(piece => (long)piece.Length);
        }

        if (reply.Gate is not null || reply.Pace > TimeSpan.Zero || reply.Ending == FakeEnding.Hang)
        {
            await context.Response.Body.FlushAsync(cancellationToken);
        }
    }

    private static async Task RunWebSocketAsync(HttpContext context, Func<WebSocket, CancellationToken, Task> handler, CancellationToken cancellationToken)
    {
        if (!context.WebSockets.IsWebSocketRequest)
        {
            throw new FakeProviderException("a WebSocket upgrade was scripted, but the request does not ask for one");
        }

        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await handler(socket, cancellationToken);
    }
}
