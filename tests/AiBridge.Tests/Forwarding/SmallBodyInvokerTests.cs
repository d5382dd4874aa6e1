using System.Net;
using System.Net.Sockets;
using System.Text;
using Trinity.AiBridge.Forwarding;

namespace Trinity.AiBridge.Tests.Forwarding;

public sealed class SmallBodyInvokerTests
{
    [Fact]
    public async Task SendAsync_SmallBody_LeavesInOneSegmentWithTheHead()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var upstream = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var invoker = new SmallBodyInvoker(upstream, new byte[SmallBodyInvoker.MaxBytes]);
        using var request = Request(((IPEndPoint)listener.LocalEndpoint).Port, SmallBodyInvoker.MaxBytes);
        var sending = invoker.SendAsync(request, Timeouts.Token);
        using var connection = await listener.AcceptTcpClientAsync(Timeouts.Token);
        var buffer = new byte[16 * 1024];

        var first = await connection.GetStream().ReadAsync(buffer, Timeouts.Token);

        await connection.GetStream().WriteAsync("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray(), Timeouts.Token);
        using var reply = await sending;
        listener.Stop();
        var head = Encoding.ASCII.GetString(buffer, 0, Array.IndexOf(buffer, (byte)0));
        Assert.Equal(head.Length + SmallBodyInvoker.MaxBytes, first);
        Assert.Contains("\r\nContent-Type: application/json; charset=utf-8\r\n", head, StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Length: {SmallBodyInvoker.MaxBytes}\r\n", head, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_BufferIsUsedAgain_SendsWhatItWas()
    {
        var handler = new CapturingHandler();
        using var upstream = new HttpMessageInvoker(handler);
        var rented = "mine"u8.ToArray();
        using var invoker = new SmallBodyInvoker(upstream, rented);
        "else"u8.CopyTo(rented);
        using var request = Request(1, 4);

        using var reply = await invoker.SendAsync(request, Timeouts.Token);

        Assert.Equal("mine", handler.Body);
    }

    private static HttpRequestMessage Request(int port, int length)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/v1/messages") { Content = new StreamContent(Stream.Null) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json; charset=utf-8");
        request.Content.Headers.ContentLength = length;
        return request;
    }

    private sealed class CapturingHandler : HttpMessageHandler
    {
        public string? Body { get; private set; }

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            Body = await request.Content!.ReadAsStringAsync(cancellationToken);
            return new HttpResponseMessage(HttpStatusCode.NoContent);
        }
    }
}
