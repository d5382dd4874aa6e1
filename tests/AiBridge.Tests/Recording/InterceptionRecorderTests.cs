using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Telemetry;
using Trinity.AiBridge.Usage;

namespace Trinity.AiBridge.Tests.Recording;

public sealed class InterceptionRecorderTests : IDisposable
{
    private const string Dropped = "trinity_records_dropped";
    private const string Stripped = "trinity_records_stripped";

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly CapturedLogs _logs = new();
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Record_QueueIsFull_DropsCountsAndSaysSoOnce()
    {
        var recorder = Recorder(out var dropped, out _);
        var record = Of(Guid.CreateVersion7(_time.GetUtcNow()));
        for (var i = 0; i < InterceptionRecorder.Capacity + 5; i++)
        {
            recorder.Record(record);
        }

        Assert.Equal((InterceptionRecorder.Capacity, 5), (recorder.Count, dropped()));
        Assert.Single(_logs.Of(EventIds.RecordsDropped));

        Assert.True(recorder.TryTake(out _, out _)); // the database takes one
        recorder.Record(record);
        recorder.Record(record);
        Assert.Equal((InterceptionRecorder.Capacity, 6), (recorder.Count, dropped()));
        Assert.Equal(2, _logs.Of(EventIds.RecordsDropped).Count);
    }

    [Fact]
    public void Record_QueueIsLarge_StripsToolInputCountsAndSaysSoOnce()
    {
        var recorder = Recorder(out var dropped, out var stripped);
        var large = Large();
        for (var weight = 0L; weight < InterceptionRecorder.MaxWeightWithInput; weight += PendingBatch.WeightOf(large))
        {
            recorder.Record(large);
        }

        Assert.Equal(0, stripped());
        var plain = Keyed() with { ToolUsages = [new ToolUsage("call", "Read", Input: null)] };
        recorder.Record(large);
        recorder.Record(plain);
        recorder.Record(large);

        Assert.Equal((2, 0), (stripped(), dropped()));
        Assert.Single(_logs.Of(EventIds.RecordsStripped));
        var last = TakeAll(recorder)[^3..];
        Assert.Equal(large.ToolUsages.Select(tool => tool with { Input = null }), last[0].ToolUsages);
        Assert.Same(plain, last[1]);
        Assert.All(last[2].ToolUsages, tool => Assert.Null(tool.Input));
    }

    [Fact]
    public void Record_LargeQueueWasTaken_KeepsToolInputAndSaysTheNextTime()
    {
        var recorder = Recorder(out _, out var stripped);
        var large = Large();
        for (var round = 1; round <= 2; round++)
        {
            RecordUntil(() => stripped() == round, recorder, large);

            TakeAll(recorder);
            recorder.Record(large);
            Assert.Same(large, Assert.Single(TakeAll(recorder)));
        }

        Assert.Equal(2, _logs.Of(EventIds.RecordsStripped).Count);
    }

    [Fact]
    public void Record_QueueStaysAtItsBound_SaysSoOnce()
    {
        var recorder = Recorder(out _, out var stripped);
        var large = Large();
        for (var times = 1; times <= 5; times++)
        {
            RecordUntil(() => stripped() == times, recorder, large);

            Assert.True(recorder.TryTake(out _, out _));
        }

        Assert.Single(_logs.Of(EventIds.RecordsStripped));
    }

    [Fact]
    public void Record_QueueIsHeavyWithoutToolInput_DropsAndCounts()
    {
        var recorder = Recorder(out var dropped, out _);
        var record = Keyed() with { ToolUsages = [.. Enumerable.Repeat(new ToolUsage(new string('c', 256), new string('t', 256), Input: null), 128)] };
        var fits = (int)(InterceptionRecorder.MaxWeight / PendingBatch.WeightOf(record)) + 1;
        for (var i = 0; i < fits + 3; i++)
        {
            recorder.Record(record);
        }

        Assert.Equal((fits, 3), (recorder.Count, dropped()));
        Assert.Single(_logs.Of(EventIds.RecordsDropped));

        Assert.True(recorder.TryTake(out _, out _));
        recorder.Record(record);
        Assert.Equal((fits, 3), (recorder.Count, dropped()));
    }

    // What is stripped or dropped must leave nothing in the sum: else the queue would be full for ever.
    [Fact]
    public void TryTake_QueueWasFullInEveryWay_LeavesRoomForAll()
    {
        var recorder = Recorder(out var dropped, out var stripped);
        var heavy = Keyed() with { ToolUsages = [.. Enumerable.Repeat(new ToolUsage(new string('c', 256), new string('t', 256), new string('i', 5000)), 128)] };
        for (var round = 0; round < 3; round++)
        {
            var before = (Dropped: dropped(), Stripped: stripped());
            var taken = 0L;
            RecordUntil(() => dropped() == before.Dropped + 100, recorder, heavy);

            while (recorder.TryTake(out _, out var weight))
            {
                taken += weight;
            }

            Assert.InRange(taken, InterceptionRecorder.MaxWeight, InterceptionRecorder.MaxWeight + PendingBatch.WeightOf(heavy));
            Assert.True(stripped() > before.Stripped);
        }
    }

    [Fact]
    public void Record_AfterCompletion_NeitherThrowsNorBlocks()
    {
        var recorder = Recorder(out var dropped, out _);
        recorder.Complete();

        recorder.Record(Of(Guid.CreateVersion7(_time.GetUtcNow())));

        Assert.Equal(1, dropped());
    }

    [Fact]
    public void Record_OfAnonymousCallers_IsLimitedAndOthersAreNot()
    {
        var recorder = Recorder(out var dropped, out _);
        for (var i = 0; i < 100; i++)
        {
            recorder.Record(Of(virtualKeyId: null));
            recorder.Record(Of(Guid.CreateVersion7(_time.GetUtcNow())));
        }

        Assert.Equal((100 + AnonymousQuota.PerSecond, 0), (recorder.Count, dropped()));
    }

    public void Dispose()
    {
        _services.Dispose();
        _logs.Dispose();
    }

    private InterceptionRecorder Recorder(out Func<long> dropped, out Func<long> stripped)
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        var metrics = new BridgeMetrics(meters);
        var counts = new Dictionary<string, long> { [Dropped] = 0, [Stripped] = 0 };
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (counts.ContainsKey(instrument.Name) && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => counts[instrument.Name] += value);
        listener.Start();
        dropped = () => counts[Dropped];
        stripped = () => counts[Stripped];
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(_logs));
        return new InterceptionRecorder(metrics, _time, factory.CreateLogger<InterceptionRecorder>());
    }

    private static void RecordUntil(Func<bool> condition, InterceptionRecorder recorder, Interception record)
    {
        for (var i = 0; !condition(); i++)
        {
            Assert.True(i < 10_000, "The queue should have reached its bound.");
            recorder.Record(record);
        }
    }

    private static List<Interception> TakeAll(InterceptionRecorder recorder)
    {
        var records = new List<Interception>();
        while (recorder.TryTake(out var record, out _))
        {
            records.Add(record);
        }

        return records;
    }

    /// <summary>As large as a record can be.</summary>
    private Interception Large() => Keyed() with { ToolUsages = [.. Enumerable.Repeat(new ToolUsage("call", "Write", new string('i', ToolUsage.MaxInputLength)), 128)] };

    private Interception Keyed() => Of(Guid.CreateVersion7(_time.GetUtcNow()));

    private static Interception Of(Guid? virtualKeyId) => new()
    {
        Id = Guid.Empty,
        Provider = "p",
        Client = "c",
        VirtualKeyId = virtualKeyId,
        Streaming = false,
        Status = 200,
        Outcome = Outcome.Completed,
        Attempts = 1,
        Generation = 1,
        StartedAt = default,
        DurationMilliseconds = 1,
    };
}
