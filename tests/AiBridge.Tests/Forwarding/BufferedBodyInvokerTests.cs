using System.Net;
using System.Net.Sockets;
using System.Text;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Tests.Routing;

namespace Trinity.AiBridge.Tests.Forwarding;

public sealed class BufferedBodyInvokerTests
{
    private const int SmallBytes = 3 * 1024; // what the HTTP client buffers beside a head of common size; with more the system sends twice

    [Fact]
    public async Task SendAsync_SmallBody_LeavesInOneSegmentWithTheHead()
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        using var upstream = new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false });
        using var body = await RequestBodies.OfAsync(new string('\0', SmallBytes));
        using var invoker = new BufferedBodyInvoker(upstream, body, CancellationToken.None);
        using var request = Request(((IPEndPoint)listener.LocalEndpoint).Port, SmallBytes);
        var sending = invoker.SendAsync(request, Timeouts.Token);
        using var connection = await listener.AcceptTcpClientAsync(Timeouts.Token);
        var buffer = new byte[16 * 1024];

        var first = await connection.GetStream().ReadAsync(buffer, Timeouts.Token);

        await connection.GetStream().WriteAsync("HTTP/1.1 204 No Content\r\n\r\n"u8.ToArray(), Timeouts.Token);
        using var reply = await sending;
        listener.Stop();
        var head = Encoding.ASCII.GetString(buffer, 0, Array.IndexOf(buffer, (byte)0));
        Assert.Equal(head.Length + SmallBytes, first);
        Assert.Contains("\r\nContent-Type: application/json; charset=utf-8\r\n", head, StringComparison.Ordinal);
        Assert.Contains($"\r\nContent-Length: {SmallBytes}\r\n", head, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", head, StringComparison.Ordinal);
    }

    [Fact]
    public async Task SendAsync_SentAgain_SendsTheSame()
    {
        var handler = new TwiceHandler();
        using var upstream = new HttpMessageInvoker(handler);
        using var body = await RequestBodies.OfAsync("mine");
        using var invoker = new BufferedBodyInvoker(upstream, body, CancellationToken.None);
        using var request = Request(1, 4);

        using var reply = await invoker.SendAsync(request, Timeouts.Token);

        Assert.Equal(["mine", "mine"], handler.Bodies);
    }

    [Fact]
    public async Task Content_ExchangeEndsWhileItIsWritten_KeepsTheBufferUntilItIs()
    {
        var body = await RequestBodies.OfAsync("mine");
        using var content = new BufferedContent(body, CancellationToken.None);
        var upstream = new HeldStream();
        var writing = content.CopyToAsync(upstream, Timeouts.Token);

        body.Dispose();
        Assert.Equal("mine", Encoding.UTF8.GetString(upstream.Written.Span)); // the very buffer

        Assert.Equal(4, body.Bytes.Length);
        upstream.Held.SetResult();
        await writing;
        Assert.Equal(0, body.Bytes.Length); // given back
    }

    [Fact]
    public async Task Content_AttemptEndsWhileItIsWritten_IsWrittenNoMore()
    {
        using var body = await RequestBodies.OfAsync("mine");
        using var attempt = new CancellationTokenSource();
        using var content = new BufferedContent(body, attempt.Token);
        var writing = content.CopyToAsync(new HeldStream(), CancellationToken.None);
        Assert.False(content.Failed);

        await attempt.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing.WaitAsync(Timeouts.Token));
        Assert.True(content.Failed);
        body.Dispose();
        Assert.Equal(0, body.Bytes.Length); // nobody holds it
    }

    [Fact]
    public async Task Content_FailedAndIsWrittenAgain_HasNotFailed()
    {
        using var body = await RequestBodies.OfAsync("mine");
        using var content = new BufferedContent(body, CancellationToken.None);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => content.CopyToAsync(new HeldStream(), new CancellationToken(canceled: true)));
        Assert.True(content.Failed);

        await content.CopyToAsync(Stream.Null, Timeouts.Token);

        Assert.False(content.Failed);
    }

    [Fact]
    public async Task Content_ExchangeIsOver_IsNotWritten()
    {
        var body = await RequestBodies.OfAsync("mine");
        using var content = new BufferedContent(body, CancellationToken.None);
        body.Dispose();

        await Assert.ThrowsAsync<HttpRequestException>(() => content.CopyToAsync(Stream.Null, Timeouts.Token));

        Assert.False(body.TryHold());
    }

    private static HttpRequestMessage Request(int port, int length)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/v1/messages") { Content = new StreamContent(Stream.Null) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", "application/json; charset=utf-8");
        request.Content.Headers.ContentLength = length;
        return request;
    }

    private sealed class TwiceHandler : HttpMessageHandler
    {
        public List<string> Bodies { get; } = [];

        protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
        {
            for (var i = 0; i < 2; i++)
            {
                using var sent = new MemoryStream();
                await request.Content!.CopyToAsync(sent, cancellationToken);
                Bodies.Add(Encoding.UTF8.GetString(sent.ToArray()));
            }

            return new HttpResponseMessage(HttpStatusCode.NoContent);
        }
    }

    private sealed class HeldStream : MemoryStream
    {
        public TaskCompletionSource Held { get; } = new();

        public ReadOnlyMemory<byte> Written { get; private set; }

        public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Written = buffer;
            await Held.Task.WaitAsync(cancellationToken);
        }
    }
}
