using System.Globalization;
using System.Net.Sockets;
using System.Text;
using Microsoft.AspNetCore.WebUtilities;

namespace Trinity.TestSupport.Providers;

/// <summary>Writes replies that break off, straight to the socket, because Kestrel would repair or delay them.</summary>
/// <remarks>Nothing of this exchange may have gone through Kestrel; the connection is unusable afterwards.</remarks>
internal static class BrokenReplyWriter
{
    public static async Task WriteAsync(Socket socket, FakeReply reply, CancellationToken cancellationToken)
    {
        if (reply.SendsHead)
        {
            await SendAsync(socket, Head(reply), cancellationToken);
            await SendBodyAsync(socket, reply, cancellationToken);
        }
    }

    public static void Close(Socket socket, FakeEnding ending)
    {
        if (ending == FakeEnding.Reset)
        {
            socket.Close(timeout: 0); // no linger: the kernel sends RST instead of FIN
        }
        else
        {
            socket.Shutdown(SocketShutdown.Send);
        }
    }

    private static async Task SendBodyAsync(Socket socket, FakeReply reply, CancellationToken cancellationToken)
    {
        var budget = reply.EndAfterBytes ?? int.MaxValue;
        foreach (var piece in reply.Pieces)
        {
            if (budget == 0)
            {
                return;
            }

            await ReplyTiming.BeforePieceAsync(reply, cancellationToken);
            var part = piece[..Math.Min(piece.Length, budget)];
            if (reply.Chunked)
            {
                await SendAsync(socket, Encoding.ASCII.GetBytes($"{piece.Length:x}\r\n"), cancellationToken);
            }

            await SendAsync(socket, part, cancellationToken);
            if (reply.Chunked && part.Length == piece.Length)
            {
                await SendAsync(socket, "\r\n"u8.ToArray(), cancellationToken);
            }

            reply.Gate?.MarkWritten();
            budget -= part.Length;
        }
    }

    private static byte[] Head(FakeReply reply)
    {
        var head = new StringBuilder();
        head.Append(CultureInfo.InvariantCulture, $"HTTP/1.1 {reply.Status} {ReasonPhrases.GetReasonPhrase(reply.Status)}\r\n");
        foreach (var (name, value) in reply.Headers)
        {
            head.Append(CultureInfo.InvariantCulture, $"{name}: {value}\r\n");
        }

        var length = reply.Pieces.Sum(piece => (long)piece.Length);
        head.Append(reply.Chunked ? "Transfer-Encoding: chunked\r\n\r\n" : string.Create(CultureInfo.InvariantCulture, $"Content-Length: {length}\r\n\r\n"));
        return Encoding.ASCII.GetBytes(head.ToString());
    }

    private static async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[await socket.SendAsync(bytes, SocketFlags.None, cancellationToken)..];
        }
    }
}
