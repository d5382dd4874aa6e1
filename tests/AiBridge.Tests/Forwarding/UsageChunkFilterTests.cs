using System.Text;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Forwarding;

public sealed class UsageChunkFilterTests
{
    private const string UsageChunk = """{"id":"c","choices":[],"usage":{"prompt_tokens":1,"completion_tokens":2}}""";
    private const string Delta = """{"id":"c","choices":[{"delta":{"content":"ü😀"}}],"usage":null}""";

    [Theory]
    [InlineData("\n")]
    [InlineData("\r\n")]
    [InlineData("\r")]
    public async Task Read_CutAnywhere_DropsTheUsageChunkAndNothingElse(string end)
    {
        var before = $": hello{end}{end}data: {Delta}{end}{end}";
        var after = $"data: [DONE]{end}{end}";
        var bytes = Encoding.UTF8.GetBytes($"{before}data: {UsageChunk}{end}{end}{after}");
        for (var cut = 1; cut < bytes.Length; cut++)
        {
            using var filter = new UsageChunkFilter(new ScriptedStream().Send(bytes[..cut]).Send(bytes[cut..]).End());

            Assert.Equal(before + after, await filter.ToEndAsync());
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(10)]
    public async Task Read_ByteByByteIntoAnyBuffer_DropsTheUsageChunkAndNothingElse(int bufferSize)
    {
        var provider = new ScriptedStream();
        foreach (var value in Encoding.UTF8.GetBytes($"data: {Delta}\r\n\r\ndata: {UsageChunk}\r\n\r\ndata: [DONE]\r\n\r\n"))
        {
            provider.Send([value]);
        }

        using var filter = new UsageChunkFilter(provider.End());

        Assert.Equal($"data: {Delta}\r\n\r\ndata: [DONE]\r\n\r\n", await filter.ToEndAsync(bufferSize));
    }

    [Theory]
    [InlineData("""{"choices":[{"delta":{}}],"usage":{"prompt_tokens":1}}""")] // usage on a chunk that says something
    [InlineData("""{"choices":[],"usage":null}""")]
    [InlineData("""{"choices":[],"prompt_filter_results":[]}""")]
    [InlineData("""{"usage":{"prompt_tokens":1}}""")]
    [InlineData("""{"choices":[],"usage":{"prompt_tokens":1}""")] // broken
    [InlineData("""{"error":{"message":"\"usage\""}}""")]
    [InlineData("""{"\ud800 is half a pair":[],"usage":{"prompt_tokens":1}}""")]
    [InlineData("[DONE]")]
    public async Task Read_AnyOtherEvent_Passes(string data)
    {
        using var filter = new UsageChunkFilter(new ScriptedStream().Send($"data: {data}\n\n").End());

        Assert.Equal($"data: {data}\n\n", await filter.ToEndAsync());
    }

    [Fact]
    public async Task Read_StreamEndsInsideAnEvent_PassesWhatIsThere()
    {
        using var filter = new UsageChunkFilter(new ScriptedStream().Send($"data: 1\n\ndata: {UsageChunk}").End());

        Assert.Equal($"data: 1\n\ndata: {UsageChunk}", await filter.ToEndAsync());
    }

    [Fact]
    public async Task Read_WholeEvent_IsHandedOnBeforeTheNextArrives()
    {
        var provider = new ScriptedStream().Send("data: 1\n\nda");
        using var filter = new UsageChunkFilter(provider);
        Assert.Equal("data: 1\n\n", await filter.NextAsync());
        var next = filter.NextAsync();
        Assert.False(next.IsCompleted);

        provider.Send("ta: 2\n\n");

        Assert.Equal("data: 2\n\n", await next);
    }

    [Fact]
    public async Task Read_EndlessEvent_PassesOnceItIsLongerThanTheLimit()
    {
        var half = new string('x', (SseFrameParser.MaxFrameBytes / 2) + 10);
        var provider = new ScriptedStream().Send("data: ").Send(half).Send(half);
        using var filter = new UsageChunkFilter(provider);
        var buffer = new byte[2 * SseFrameParser.MaxFrameBytes];

        var read = await filter.ReadAsync(buffer, Timeouts.Token); // although the event has not ended

        Assert.True(read > SseFrameParser.MaxFrameBytes);
        provider.Send($"{half}\n\ndata: {UsageChunk}\n\ndata: [DONE]\n\n").End();
        var all = Encoding.ASCII.GetString(buffer, 0, read) + await filter.ToEndAsync(1 << 20);
        Assert.Equal($"data: {half}{half}{half}\n\ndata: [DONE]\n\n", all);
    }

    [Fact]
    public async Task Read_ProviderBreaksOff_TheExceptionPasses()
    {
        using var filter = new UsageChunkFilter(new ScriptedStream().Break(new IOException("reset")));

        await Assert.ThrowsAsync<IOException>(() => filter.ToEndAsync());
    }
}
