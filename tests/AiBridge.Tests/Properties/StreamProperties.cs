using System.Text;
using FsCheck;
using FsCheck.Fluent;
using Microsoft.AspNetCore.Http;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Providers;
using Trinity.AiBridge.Providers.Anthropic;
using Trinity.AiBridge.Providers.OpenAi;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Tests.Forwarding;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Properties;

/// <summary>Whatever comes from a provider, in whatever parts, and into whatever buffer it is read: the same bytes go out.</summary>
public sealed class StreamProperties
{
    private static readonly ReplyLimits Limits = new(TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(1));

    private static readonly Gen<Passage> Passages =
        from split in EventTexts.Any
        from buffer in Gen.Frequency((1, Gen.Constant(1)), (3, Gen.Choose(2, 40)), (1, Gen.Constant(16 * 1024)))
        from dialect in Gen.Elements(Dialect.Messages, Dialect.ChatCompletions, Dialect.Responses)
        from chunked in Gen.Elements(true, false)
        select new Passage(split, buffer, dialect, chunked);

    [Fact]
    public void EventStream_HandsOutWhatCameIn() => PropertyCheck.HoldsAsync(Passages, Passage.Shrink, passage =>
        AssertPassesAsync(passage, passage.Split.Bytes, (provider, reply) => new EventStream(provider, passage.Chunked, reply, CancellationToken.None)));

    [Fact]
    public void EventStream_WhoseProviderBreaksOff_ClosesTheEventAndSaysSo() => PropertyCheck.HoldsAsync(Passages, Passage.Shrink, passage =>
    {
        var bytes = passage.Split.Bytes;
        var betweenEvents = ReferenceEvents.Read(bytes).Rest.Length == 0 && bytes is not [.., (byte)'\r']; // after which a line feed may belong to the event
        var error = DialectWriter.StreamError(passage.Dialect, new BridgeError(502, "upstream_truncated", "The provider's connection broke in the middle of the reply."), Guid.Empty);
        return AssertPassesAsync(passage, [.. bytes, .. betweenEvents ? [] : "\n\n"u8.ToArray(), .. error], (provider, reply) => new EventStream(provider, passage.Chunked, reply, CancellationToken.None), broken: true);
    });

    [Fact]
    public void ObservingStream_HandsOutWhatCameIn() => PropertyCheck.HoldsAsync(Passages, Passage.Shrink, passage =>
        AssertPassesAsync(passage, passage.Split.Bytes, (provider, reply) => new ObservingStream(provider, reply)));

    [Fact]
    public void UsageChunkFilter_HandsOutAllButTheUsageChunks() => PropertyCheck.HoldsAsync(
        Passages, Passage.Shrink, passage => AssertPassesAsync(passage, WithoutUsage(passage.Split.Bytes), (provider, _) => new UsageChunkFilter(provider)), cases: 2000);

    [Fact]
    public void UsageChunkFilterOverEventStream_HandsOutAllButTheUsageChunks() => PropertyCheck.HoldsAsync(Passages, Passage.Shrink, passage =>
        AssertPassesAsync(passage, WithoutUsage(passage.Split.Bytes), (provider, reply) => new UsageChunkFilter(new EventStream(provider, passage.Chunked, reply, CancellationToken.None))));

    private static byte[] WithoutUsage(byte[] bytes)
    {
        var events = ReferenceEvents.Read(bytes);
        return [.. events.All.Where(each => each.Data is null || !ChatUsageReader.IsUsageOnly(each.DataBytes)).SelectMany(each => each.Bytes), .. Encoding.Latin1.GetBytes(events.Rest)];
    }

    private static async Task AssertPassesAsync(Passage passage, byte[] expected, Func<Stream, Reply, Stream> wrap, bool broken = false)
    {
        var provider = new ScriptedStream();
        foreach (var part in passage.Split.Parts())
        {
            provider.Send(part.ToArray());
        }

        IUsageReader reader = passage.Dialect switch
        {
            Dialect.Messages => new MessagesUsageReader(),
            Dialect.ChatCompletions => new ChatUsageReader(),
            _ => new ResponsesUsageReader(),
        };
        var draft = new InterceptionDraft(Guid.Empty, default, 0) { Usage = reader };
        using var observer = new ReplyObserver(reader, streaming: true);
        using var reply = new Reply(new DefaultHttpContext(), new BridgeRoute("/x", passage.Dialect, Bridged: true), draft, Limits, TimeProvider.System, observer);
        await using var stream = wrap(broken ? provider.Break(new IOException("reset")) : provider.End(), reply);

        Assert.Equal(SplitBytes.Escape(expected), SplitBytes.Escape(await ReadAsync(stream, passage.Buffer)));
        Assert.Equal(broken, reply.Broken is not null);
    }

    private static async Task<byte[]> ReadAsync(Stream stream, int bufferSize)
    {
        using var all = new MemoryStream();
        var buffer = new byte[bufferSize];
        while (true)
        {
            Assert.Equal(0, await stream.ReadAsync(Memory<byte>.Empty, CancellationToken.None)); // as YARP does, to wait
            var read = await stream.ReadAsync(buffer, CancellationToken.None);
            if (read == 0)
            {
                return all.ToArray();
            }

            all.Write(buffer, 0, read);
        }
    }

    private sealed record Passage(SplitBytes Split, int Buffer, Dialect Dialect, bool Chunked)
    {
        public static IEnumerable<Passage> Shrink(Passage passage) => SplitBytes.Shrink(passage.Split).Select(split => passage with { Split = split });
    }
}
