using BenchmarkDotNet.Attributes;
using Trinity.AiBridge.Providers.Anthropic;
using Trinity.AiBridge.Usage;

namespace Trinity.Bench.Micro;

/// <summary>Step 6 of the request path: what observing a stream of 50 events costs.</summary>
[MemoryDiagnoser]
public class StreamBenchmarks
{
    private readonly byte[] _whole = [.. BenchReply.Stream.SelectMany(frame => frame)];
    private readonly Ignored _ignored = new();

    [Benchmark(Description = "parse 50 events, event by event")]
    public bool ParseEvents()
    {
        using var parser = new SseFrameParser(_ignored);
        foreach (var frame in BenchReply.Stream)
        {
            parser.Append(frame);
        }

        return parser.AtFrameBoundary;
    }

    [Benchmark(Description = "parse 50 events, in one piece")]
    public bool ParseWhole()
    {
        using var parser = new SseFrameParser(_ignored);
        parser.Append(_whole);
        return parser.AtFrameBoundary;
    }

    [Benchmark(Description = "observe 50 events and read their usage")]
    public int Observe()
    {
        var reader = new MessagesUsageReader();
        using var observer = new ReplyObserver(reader, streaming: true);
        foreach (var frame in BenchReply.Stream)
        {
            observer.OnBytes(frame);
        }

        observer.OnEnd();
        return reader.Finished ? BenchReply.Events : throw new InvalidOperationException("The stream was not understood.");
    }

    private sealed class Ignored : ISseFrameHandler
    {
        public void OnFrame(ReadOnlySpan<byte> name, ReadOnlySpan<byte> data)
        {
            // Only the parsing is measured.
        }
    }
}
