using System.IO.Compression;
using System.Net.Http.Headers;
using System.Net.WebSockets;
using System.Text;

namespace Trinity.TestSupport.Tests.Providers;

public sealed class FakeProviderStreamTests
{
    private static readonly string[] Frames = ["data: one\n\n", "data: two\n\n", "data: drei ä\n\n"];

    [Fact]
    public async Task GatedFrames_AreWrittenOnlyWhenReleased()
    {
        var gate = new FakeGate();
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("GET", "/s", FakeReply.Sse(Frames).GatedBy(gate));
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);
        using var response = await client.GetAsync(new Uri("/s", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
        await using var stream = await response.Content.ReadAsStreamAsync(Timeouts.Token);
        using var reader = new StreamReader(stream);

        await gate.WhenBlockedAsync();
        Assert.Equal(0, gate.Written);
        gate.Release();
        Assert.Equal("data: one", await reader.ReadLineAsync(Timeouts.Token));
        await gate.WhenBlockedAsync();
        Assert.Equal(1, gate.Written);
        gate.Open();

        Assert.Equal("\ndata: two\n\ndata: drei ä\n\n", await reader.ReadToEndAsync(Timeouts.Token));
    }

    [Fact]
    public async Task HeldReply_SendsNoHeadUntilReleased()
    {
        var gate = new FakeGate();
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("GET", "/", FakeReply.Json(200, "{}").HeldBy(gate));
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);

        var pending = client.GetAsync(new Uri("/", UriKind.Relative), Timeouts.Token);
        await gate.WhenBlockedAsync();
        Assert.False(pending.IsCompleted);
        gate.Release();

        using var response = await pending;
        Assert.True(response.IsSuccessStatusCode);
    }

    [Fact]
    public async Task LiveStream_IsWrittenByTheTest_UntilTheClientLeaves()
    {
        var left = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("GET", "/s", FakeReply.LiveSse(async (body, cancellationToken) =>
        {
            await using var _ = cancellationToken.UnsafeRegister(_ => left.TrySetResult(), null);
            await body.WriteAsync(Encoding.UTF8.GetBytes(Frames[0]), cancellationToken);
            await body.FlushAsync(cancellationToken);
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        }));
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);
        var response = await client.GetAsync(new Uri("/s", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
        var first = new byte[Frames[0].Length];
        await (await response.Content.ReadAsStreamAsync(Timeouts.Token)).ReadExactlyAsync(first, Timeouts.Token);

        Assert.Equal(Frames[0], Encoding.UTF8.GetString(first));
        Assert.Equal("text/event-stream; charset=utf-8", response.Content.Headers.ContentType?.ToString());
        response.Dispose();
        await left.Task.WaitAsync(Timeouts.Token);
    }

    [Fact]
    public async Task ClientLeavesMidStream_AbortedCompletes()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("GET", "/s", FakeReply.Sse(Frames).HangingAfter());
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);
        var response = await client.GetAsync(new Uri("/s", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
        var request = await fake.WhenReceivedAsync();
        Assert.False(request.Aborted.IsCompleted);

        response.Dispose();

        await request.Aborted.WaitAsync(Timeouts.Token);
        await fake.VerifyAsync();
    }

    [Fact]
    public async Task NeverReply_ClientGivesUp_AbortedCompletes()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("GET", "/", FakeReply.Never());
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);
        using var giveUp = new CancellationTokenSource();

        var pending = client.GetAsync(new Uri("/", UriKind.Relative), giveUp.Token);
        var request = await fake.WhenReceivedAsync();
        await giveUp.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => pending);
        await request.Aborted.WaitAsync(Timeouts.Token);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1000)]
    public async Task SplitReply_ArrivesWhole(int size)
    {
        await using var fake = await FakeProvider.StartAsync();
        var reply = FakeReply.Sse(Frames).SplitEvery(size);
        fake.Expect("GET", "/s", reply);
        fake.Expect("GET", "/s", FakeReply.Sse(Frames).SplitAt(0, 3, 3, 29));
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);

        Assert.Equal(string.Concat(Frames), await client.GetStringAsync(new Uri("/s", UriKind.Relative), Timeouts.Token));
        Assert.Equal(string.Concat(Frames), await client.GetStringAsync(new Uri("/s", UriKind.Relative), Timeouts.Token));
        Assert.All(reply.Pieces.SkipLast(1), piece => Assert.Equal(size, piece.Length));
    }

    [Fact]
    public async Task GzippedStream_UnzipsToTheFrames_EachFlushed()
    {
        var gate = new FakeGate();
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("GET", "/s", FakeReply.Sse(Frames).Gzipped().GatedBy(gate));
        using var client = LoopbackHttp.CreateClient(fake.BaseUrl);
        client.DefaultRequestHeaders.AcceptEncoding.Add(new StringWithQualityHeaderValue("gzip"));
        using var response = await client.GetAsync(new Uri("/s", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
        Assert.Equal("gzip", Assert.Single(response.Content.Headers.ContentEncoding));
        Assert.True(fake.Requests[0].AcceptsGzip);
        await using var stream = new GZipStream(await response.Content.ReadAsStreamAsync(Timeouts.Token), CompressionMode.Decompress);
        using var reader = new StreamReader(stream);

        gate.Release();
        Assert.Equal("data: one", await reader.ReadLineAsync(Timeouts.Token));
        gate.Open();
        Assert.EndsWith("data: drei ä\n\n", await reader.ReadToEndAsync(Timeouts.Token), StringComparison.Ordinal);
    }

    [Fact]
    public async Task WebSocketUpgrade_EchoesMessages()
    {
        await using var fake = await FakeProvider.StartAsync();
        fake.Expect("GET", "/v1/responses", FakeReply.WebSocketEcho());
        using var socket = new ClientWebSocket();
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{fake.Port}/v1/responses"), Timeouts.Token);

        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, Timeouts.Token);
        var buffer = new byte[16];
        var received = await socket.ReceiveAsync(buffer.AsMemory(), Timeouts.Token);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "done", Timeouts.Token);

        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, received.Count));
        await fake.VerifyAsync();
    }
}
