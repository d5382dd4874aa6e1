using System.Text;
using Microsoft.AspNetCore.Http;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Providers;
using Trinity.AiBridge.Providers.Anthropic;
using Trinity.AiBridge.Providers.OpenAi;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Forwarding;

public sealed class EventStreamTests : IDisposable
{
    private const string Ping = "event: ping\ndata: {\"type\": \"ping\"}\n\n";
    private const string Comment = ": ping\n\n";

    private static readonly TimeSpan FirstByte = TimeSpan.FromSeconds(100);
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(40);
    private static readonly TimeSpan PingInterval = TimeSpan.FromSeconds(15);

    private readonly ManualTimeProvider _time = new();
    private readonly ScriptedStream _provider = new();
    private readonly CancellationTokenSource _drain = new();
    private readonly InterceptionDraft _draft = new(Guid.Empty, default, 0);
    private Reply? _reply;

    [Theory]
    [InlineData(1, true)]
    [InlineData(1, false)]
    [InlineData(7, true)]
    [InlineData(7, false)]
    [InlineData(4096, true)]
    [InlineData(4096, false)]
    public async Task Read_BusyProvider_PassesEveryByteAndNoOther(int bufferSize, bool chunked)
    {
        const string text = "event: a\ndata: 1\n\n: comment\r\n\r\ndata: ü😀";
        using var stream = Stream(Dialect.Messages, chunked: chunked);
        _provider.Send(text[..5]).Send(text[5..]).End();

        Assert.Equal(text, await stream.ToEndAsync(bufferSize));

        Assert.Null(_reply!.Broken);
        Assert.NotNull(_draft.FirstByteAfter);
    }

    [Fact]
    public async Task Read_SeveralPartsAreThere_GoOutTogetherAndNothingIsWaitedFor()
    {
        using var stream = Stream(Dialect.Messages);
        _provider.Send("data: 1\n\n").Send("data: 2\n\n").Send("data: 3");
        Assert.Equal("data: 1\n\ndata: 2\n\ndata: 3", await stream.NextAsync());

        var next = stream.NextAsync();
        _provider.Send("\n\n").End();
        Assert.Equal("\n\n", await next);

        Assert.Equal("", await stream.NextAsync());
        Assert.Null(_reply!.Broken);
    }

    [Fact]
    public async Task Read_NextPartFails_WhatWasReadGoesOutFirst()
    {
        using var stream = Stream(Dialect.Messages, new OneRead { Then = () => throw new HttpIOException(HttpRequestError.InvalidResponse) });

        Assert.Equal("data: 1\n\n", await stream.NextAsync());

        Assert.StartsWith("event: error\ndata: ", await stream.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("upstream_truncated", _reply!.Broken!.Code);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Read_ProviderBreaksOffWhileBytesAreWritten_EndsWithTheErrorEvent(bool chunked)
    {
        using var stream = Stream(Dialect.Messages, chunked: chunked);
        _provider.Send("data: 1\n\n");
        Assert.Equal("data: 1\n\n", await stream.NextAsync());

        _provider.Break(new IOException("reset")); // the next read is waiting already, if it is chunked

        Assert.StartsWith("event: error\ndata: ", await stream.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("upstream_truncated", _reply!.Broken!.Code);
    }

    [Fact]
    public async Task Read_EmptyReadFails_WhatWasReadGoesOutFirst()
    {
        using var stream = Stream(Dialect.Messages, new OneRead { Look = wasRead => wasRead ? throw new HttpIOException(HttpRequestError.InvalidResponse) : new(0) });

        Assert.Equal("data: 1\n\n", await stream.NextAsync());

        Assert.StartsWith("event: error\ndata: ", await stream.NextAsync(), StringComparison.Ordinal);
        Assert.Equal("upstream_truncated", _reply!.Broken!.Code);
    }

    // Without chunks a first byte may be the first of a TLS record whose rest is still on its way.
    [Fact]
    public async Task Read_NotChunkedAndNextPartHasOnlyBegun_IsNotWaitedFor()
    {
        var rest = new TaskCompletionSource<int>();
        using var stream = Stream(Dialect.Messages, new OneRead { Then = () => new(rest.Task) }, chunked: false);

        Assert.Equal("data: 1\n\n", await stream.NextAsync());

        rest.SetResult(0);
        Assert.Equal("", await stream.NextAsync());
    }

    [Theory]
    [InlineData((int)Dialect.Messages, Ping)]
    [InlineData((int)Dialect.ChatCompletions, Comment)]
    [InlineData((int)Dialect.Responses, Comment)]
    public async Task Read_SilenceBetweenEvents_IsFilledWithPings(int dialect, string ping)
    {
        using var stream = Stream((Dialect)dialect);
        _provider.Send("data: 1\n\n");
        Assert.Equal("data: 1\n\n", await stream.NextAsync());

        for (var i = 0; i < 2; i++)
        {
            var next = stream.NextAsync();
            await AdvanceAsync(PingInterval);
            Assert.Equal(ping, await next);
        }

        var last = stream.NextAsync();
        _provider.Send("data: 2\n\n");
        Assert.Equal("data: 2\n\n", await last);
    }

    [Fact]
    public async Task Read_SilenceBeforeTheFirstByte_IsFilledWithPings()
    {
        using var stream = Stream(Dialect.Messages);
        var next = stream.NextAsync();

        await AdvanceAsync(PingInterval);

        Assert.Equal(Ping, await next);
    }

    // The stream's timer has fired, and before it looks, the provider's bytes are there.
    [Fact]
    public async Task Read_BytesComeJustAsAPingFallsDue_ArePassedOn()
    {
        var arrival = new TaskCompletionSource<int>();
        using var stream = Stream(Dialect.Messages, new OneRead { Look = _ => new(arrival.Task) });
        using var held = new HeldContinuations();
        var wait = held.Start(() => stream.ReadAsync(Memory<byte>.Empty).AsTask());
        await AdvanceAsync(PingInterval);
        arrival.SetResult(0);

        held.RunUntil(wait);

        Assert.Equal(0, await wait);
        var buffer = new byte[100];
        Assert.Equal("data: 1\n\n", Encoding.UTF8.GetString(buffer, 0, await stream.ReadAsync(buffer, Timeouts.Token)));
        Assert.Null(_reply!.Broken);
    }

    [Theory]
    [InlineData("data: half")]
    [InlineData("data: whole line\n")]
    [InlineData("data: 1\r\n\r")]
    public async Task Read_SilenceInsideAnEvent_HasNoPings(string part)
    {
        using var stream = Stream(Dialect.Messages);
        _provider.Send(part);
        Assert.Equal(part, await stream.NextAsync());
        var next = stream.NextAsync();

        await AdvanceAsync(PingInterval);
        await AdvanceAsync(PingInterval);
        Assert.False(next.IsCompleted);
        _provider.Send("\n\n");

        Assert.Equal("\n\n", await next);
    }

    [Fact]
    public async Task Read_SilentBeyondTheIdleLimit_EndsWithTheErrorEventDespiteThePings()
    {
        using var stream = Stream(Dialect.ChatCompletions);
        _provider.Send("data: 1\n\n");
        Assert.Equal("data: 1\n\n", await stream.NextAsync());
        var rest = stream.ToEndAsync();

        await AdvanceAsync(PingInterval);
        await AdvanceAsync(PingInterval);
        await AdvanceAsync(Idle - PingInterval - PingInterval);

        Assert.StartsWith(Comment + Comment + "data: {\"error\":{\"message\":", await rest, StringComparison.Ordinal);
        Assert.EndsWith("\"code\":\"upstream_idle\"}}\n\ndata: [DONE]\n\n", await rest, StringComparison.Ordinal);
        Assert.Equal((504, "upstream_idle"), (_reply!.Broken!.Status, _reply.Broken.Code));
    }

    [Fact]
    public async Task Read_SilentBeforeTheFirstByte_HasTheLongerLimit()
    {
        using var stream = Stream(Dialect.Responses);
        var all = stream.ToEndAsync();
        for (var i = 0; i < 6; i++)
        {
            await AdvanceAsync(PingInterval);
            Assert.Null(_reply!.Broken);
        }

        await AdvanceAsync(FirstByte - (6 * PingInterval));

        Assert.Equal(
            string.Concat(Enumerable.Repeat(Comment, 6))
            + "event: error\ndata: {\"type\":\"error\",\"code\":\"upstream_idle\",\"message\":\"The provider was silent for too long in the middle of the reply.\",\"param\":null}\n\n",
            await all);
    }

    [Fact]
    public async Task Read_SilentInsideAnEvent_ClosesTheEventBeforeTheErrorEvent()
    {
        using var stream = Stream(Dialect.Messages);
        _provider.Send("event: x\ndata: ha");
        Assert.Equal("event: x\ndata: ha", await stream.NextAsync());
        var rest = stream.ToEndAsync();

        await AdvanceAsync(PingInterval);
        await AdvanceAsync(Idle - PingInterval);

        Assert.StartsWith("\n\nevent: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"timeout_error\",\"message\":\"upstream_idle: ", await rest, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("data: 1\n\n", "")]
    [InlineData("data: 1\n", "\n\n")]
    [InlineData("da", "\n\n")]
    [InlineData("", "")]
    public async Task Read_ProviderBreaksOff_EndsWithTheErrorEvent(string before, string closing)
    {
        using var stream = Stream(Dialect.Messages);
        if (before.Length > 0)
        {
            _provider.Send(before);
        }

        _provider.Break(new IOException("reset"));

        var all = await stream.ToEndAsync();

        Assert.StartsWith(before + closing + "event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"api_error\",\"message\":\"upstream_truncated: ", all, StringComparison.Ordinal);
        Assert.EndsWith("}\n\n", all, StringComparison.Ordinal);
        Assert.Equal("upstream_truncated", _reply!.Broken!.Code);
    }

    [Fact]
    public async Task Read_DrainDeadlinePasses_EndsWithTheErrorEvent()
    {
        using var stream = Stream(Dialect.Messages);
        using var request = CancellationTokenSource.CreateLinkedTokenSource(_drain.Token); // as YARP links them
        _provider.Send("data: 1\n\n");
        Assert.Equal("data: 1\n\n", await stream.NextAsync(cancellationToken: request.Token));
        var next = stream.NextAsync(cancellationToken: request.Token);

        await _drain.CancelAsync();

        Assert.Contains("drain_deadline: ", await next, StringComparison.Ordinal);
        Assert.Equal("drain_deadline", _reply!.Broken!.Code);
        Assert.Equal("", await stream.NextAsync());
    }

    [Fact]
    public async Task Read_ClientLeaves_ThrowsAndSaysNothing()
    {
        using var stream = Stream(Dialect.Messages);
        using var client = new CancellationTokenSource();
        var next = stream.NextAsync(cancellationToken: client.Token);

        await client.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next);
        Assert.Null(_reply!.Broken);
    }

    [Fact]
    public async Task Read_SmallBuffer_HandsOurBytesOutInParts()
    {
        using var stream = Stream(Dialect.Messages);
        _provider.Break(new HttpRequestException("reset"));

        Assert.Contains("\"message\":\"upstream_truncated: ", await stream.ToEndAsync(bufferSize: 3), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Read_ObserverSees_WhatTheProviderSentAndNothingOfOurs()
    {
        using var stream = Stream(Dialect.Messages);
        _provider.Send("event: message_start\ndata: {\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":5,\"output_tokens\":1}}}\n\n").Break(new IOException("reset"));

        _ = await stream.ToEndAsync();

        Assert.Equal(new TokenUsage(5, 1, 0, 0, 0), _draft.Usage!.Usage);
        Assert.Null(_draft.Usage.Error); // our own error event is not the provider's
    }

    [Fact]
    public void Dispose_ClosesTheProvidersStream()
    {
        Stream(Dialect.Messages).Dispose();

        Assert.True(_provider.IsDisposed);
    }

    [Fact]
    public async Task Read_SilentBeyondTheIdleLimit_LeavesNoReadBehind()
    {
        var stream = Stream(Dialect.Messages);
        var all = stream.ToEndAsync();
        for (var waited = TimeSpan.Zero; waited < FirstByte; waited += PingInterval)
        {
            await AdvanceAsync(PingInterval);
        }

        Assert.Contains("upstream_idle", await all, StringComparison.Ordinal);
        _provider.Dispose(); // as the HTTP client does it, before the stream itself

        Assert.False(_provider.ReadWasLeftBehind);
    }

    [Fact]
    public async Task Dispose_BetweenPings_LeavesNoReadBehind()
    {
        var stream = Stream(Dialect.Messages);
        var next = stream.NextAsync();
        await AdvanceAsync(PingInterval);
        Assert.Equal(Ping, await next);

        await stream.DisposeAsync(); // what YARP does when the ping could not be written

        Assert.True(_provider.IsDisposed);
        Assert.False(_provider.ReadWasLeftBehind);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Dispose_AfterBytes_LeavesNoReadBehind(bool chunked)
    {
        var stream = Stream(Dialect.Messages, chunked: chunked);
        _provider.Send("data: 1\n\n");
        Assert.Equal("data: 1\n\n", await stream.NextAsync());

        await stream.DisposeAsync(); // what YARP does when they could not be written

        Assert.True(_provider.IsDisposed);
        Assert.False(_provider.ReadWasLeftBehind);
    }

    public void Dispose()
    {
        _reply?.Dispose();
        _drain.Dispose();
    }

    private EventStream Stream(Dialect dialect, Stream? provider = null, bool chunked = true)
    {
        IUsageReader reader = dialect switch
        {
            Dialect.Messages => new MessagesUsageReader(),
            Dialect.ChatCompletions => new ChatUsageReader(),
            _ => new ResponsesUsageReader(),
        };
        _draft.Usage = reader;
        var limits = new ReplyLimits(FirstByte, Idle, PingInterval);
        _reply = new Reply(new DefaultHttpContext(), new BridgeRoute("/x", dialect, Bridged: true), _draft, limits, _time, new ReplyObserver(reader, streaming: true));
        return new EventStream(provider ?? _provider, chunked, _reply, _drain.Token);
    }

    private async Task AdvanceAsync(TimeSpan time)
    {
        await _time.WhenArmedAsync(); // the stream waits
        _time.Advance(time);
    }
}
