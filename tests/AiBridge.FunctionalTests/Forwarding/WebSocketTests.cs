using System.Net;
using System.Net.WebSockets;
using System.Text;
using Trinity.AiBridge.FunctionalTests.Proxy;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.FunctionalTests.Forwarding;

/// <summary>Codex first tries a WebSocket on /v1/responses.</summary>
public sealed class WebSocketTests : IAsyncLifetime
{
    private TestBench Bench { get; set; } = null!;

    public async ValueTask InitializeAsync() => Bench = await TestBench.StartAsync(["openai"]);

    public ValueTask DisposeAsync() => Bench.DisposeAsync();

    [Fact]
    public async Task Upgrade_IsProxiedBothWaysWithTheProvidersKey()
    {
        Bench.Upstream.Expect("GET", "/v1/responses").WithKey(TestBench.KeyOf("openai")).WithHeader("OpenAI-Beta", "responses_websockets=2026-02-06")
            .WithoutHeader("X-Trinity-Key").Reply(FakeReply.WebSocketEcho());
        using var socket = await ConnectAsync(Bench.Token, ("OpenAI-Beta", "responses_websockets=2026-02-06"), ("session_id", "s-1"), ("User-Agent", "codex_cli_rs/1"));

        foreach (var text in new[] { """{"type":"response.create"}""", new string('x', 100_000), "" })
        {
            Assert.Equal(text, await EchoAsync(socket, text));
        }

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", Timeouts.Token);
        Assert.Equal((WebSocketCloseStatus.NormalClosure, "bye"), (socket.CloseStatus, socket.CloseStatusDescription));
        var record = await OnlyRecordAsync();
        Assert.Equal((101, "completed", "/v1/responses", "s-1", "centralized"), (record.Status, record.Outcome, record.Route, record.SessionId, record.CredentialKind));
    }

    [Fact]
    public async Task Upgrade_WithAnOwnCredential_CarriesIt()
    {
        Bench.Upstream.Expect("GET", "/v1/responses").WithHeader("Authorization", "Bearer own-token").Reply(FakeReply.WebSocketEcho());
        using var socket = await ConnectAsync("own-token", ("X-Trinity-Key", Bench.Token));

        Assert.Equal("hi", await EchoAsync(socket, "hi"));
    }

    [Fact]
    public async Task Upgrade_HeadersThatSpoofOrLeak_AreStripped()
    {
        (string Name, string Value)[] headers =
        [
            ("Cookie", "session=1"), ("X-Trinity-Session", "1"), ("X-AI-Bridge-Actor-ID", "root"), ("X-AI-Bridge-Actor-Metadata-Username", "root"),
            ("X-Forwarded-For", "10.0.0.1"), ("X-Forwarded-Host", "internal"), ("Forwarded", "for=10.0.0.1"), ("X-Real-IP", "10.0.0.1"), ("Proxy-Authorization", "Basic eDp5"),
        ];
        var upgrade = Bench.Upstream.Expect("GET", "/v1/responses").WithHeader("x-stay", "1");
        headers.Aggregate(upgrade, (expected, header) => expected.WithoutHeader(header.Name)).Reply(FakeReply.WebSocketEcho());
        using var socket = await ConnectAsync(Bench.Token, [("x-stay", "1"), .. headers]);

        Assert.Equal("hi", await EchoAsync(socket, "hi"));
    }

    [Fact]
    public async Task Upgrade_FirstKeyLimited_IsTriedWithTheSecond()
    {
        await Bench.Bridge.WhenAppliedAsync(await Bench.Config.SetKeysAsync("openai", "sk-first-key-0123456789", "sk-second-key-0123456789"));
        Bench.Upstream.Expect("GET", "/v1/responses").WithKey("sk-first-key-0123456789").Reply(FakeReply.TooManyRequests(60));
        Bench.Upstream.Expect("GET", "/v1/responses").WithKey("sk-second-key-0123456789").Reply(FakeReply.WebSocketEcho());
        using var socket = await ConnectAsync(Bench.Token);

        Assert.Equal("hi", await EchoAsync(socket, "hi"));
    }

    [Theory]
    [InlineData("models")]
    [InlineData("requests")]
    [InlineData("tokens")]
    public async Task Upgrade_OfACallerHeldToWhatIsNotSeenOnASocket_IsRefusedWith426(string limit)
    {
        var limits = limit switch { "requests" => new VirtualKeyLimits { RequestsPerMinute = 100 }, "tokens" => new VirtualKeyLimits { TokensPerDay = 100 }, _ => null };
        var token = await Bench.Config.AddVirtualKeyAsync($"some {limit}", models: limits is null ? ["m"] : null, limits: limits);
        await Bench.AppliedAsync();
        using var reply = await UpgradeByHandAsync(token);

        var error = await ErrorBody.OfAsync(reply);
        Assert.Equal((HttpStatusCode.UpgradeRequired, ErrorBody.OpenAi, "websocket_not_allowed"), (reply.StatusCode, error.Shape, error.Code));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((426, "rejected", "websocket_not_allowed"), (record.Status, record.Outcome, record.Error));
    }

    [Fact]
    public async Task Upgrade_WithoutAValidKey_IsRefused()
    {
        using var reply = await UpgradeByHandAsync("nonsense");

        Assert.Equal((HttpStatusCode.Unauthorized, "unknown_virtual_key"), (reply.StatusCode, (await ErrorBody.OfAsync(reply)).Code));
    }

    [Theory]
    [InlineData(404, 426)] // no such thing there: the one status after which Codex goes on over HTTP at once
    [InlineData(405, 426)]
    [InlineData(501, 426)]
    [InlineData(426, 426)]
    [InlineData(403, 403)]
    [InlineData(500, 500)]
    public async Task Upgrade_RefusedByTheProvider_IsRelayed(int refusal, int status)
    {
        Bench.Upstream.Expect("GET", "/v1/responses").Reply(FakeReply.Json(refusal, """{"error":{"type":"theirs"}}"""));
        using var reply = await UpgradeByHandAsync(Bench.Token);

        Assert.Equal((status, """{"error":{"type":"theirs"}}"""), ((int)reply.StatusCode, await reply.Content.ReadAsStringAsync(Timeouts.Token)));
        var record = await Bench.RecordedAsync(reply);
        Assert.Equal((status, "provider_error"), (record.Status, record.Outcome));
    }

    [Fact]
    public async Task Upgrade_ProviderOutOfReach_IsABadGateway()
    {
        Bench.Upstream.Expect("GET", "/v1/responses").Reply(FakeReply.ResetBeforeHead());
        using var reply = await UpgradeByHandAsync(Bench.Token);

        Assert.Equal((HttpStatusCode.BadGateway, "upstream_failed"), (reply.StatusCode, (await ErrorBody.OfAsync(reply)).Code));
    }

    [Fact]
    public async Task Socket_ClientLeaves_UpstreamIsClosedToo()
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        Bench.Upstream.Expect("GET", "/v1/responses").Reply(FakeReply.WebSocket(async (socket, cancellationToken) =>
        {
            try
            {
                _ = await socket.ReceiveAsync(new byte[100], cancellationToken);
            }
            catch (Exception exception) when (exception is WebSocketException or OperationCanceledException)
            {
                // The connection is gone without a closing handshake; the read or the request's end is seen first.
            }

            closed.SetResult();
        }));
        using (var socket = await ConnectAsync(Bench.Token))
        {
            socket.Abort();
        }

        await closed.Task.WaitAsync(Timeouts.Token);
        Assert.Equal("client_abort", (await OnlyRecordAsync()).Outcome);
    }

    private async Task<ClientWebSocket> ConnectAsync(string bearer, params (string Name, string Value)[] headers)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {bearer}");
        foreach (var (name, value) in headers)
        {
            socket.Options.SetRequestHeader(name, value);
        }

        await socket.ConnectAsync(new Uri(Bench.Bridge.Url.Replace("http:", "ws:", StringComparison.Ordinal) + "/openai/v1/responses"), Timeouts.Token);
        return socket;
    }

    private async Task<HttpResponseMessage> UpgradeByHandAsync(string token)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/openai/v1/responses");
        request.Headers.Authorization = new("Bearer", token);
        foreach (var (name, value) in new[] { ("Connection", "Upgrade"), ("Upgrade", "websocket"), ("Sec-WebSocket-Version", "13"), ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==") })
        {
            request.Headers.TryAddWithoutValidation(name, value);
        }

        return await Bench.SendAsync(request);
    }

    private static async Task<string> EchoAsync(ClientWebSocket socket, string text)
    {
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, endOfMessage: true, Timeouts.Token);
        using var received = new MemoryStream();
        var buffer = new byte[16 * 1024];
        ValueWebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(buffer.AsMemory(), Timeouts.Token);
            received.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return Encoding.UTF8.GetString(received.ToArray());
    }

    private async Task<RecordedInterception> OnlyRecordAsync()
    {
        Guid id = default;
        await Eventually.TrueAsync(async () => (id = await Bench.Database.ScalarAsync<Guid>("select id from interceptions")) != default, "the exchange is recorded");
        return await RecordedInterception.ReadAsync(Bench.Database.DataSource, id);
    }
}
