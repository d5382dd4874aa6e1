using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Telemetry;

namespace Trinity.AiBridge.Tests.Recording;

public sealed class InterceptionRecorderTests : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly CapturedLogs _logs = new();
    private readonly ManualTimeProvider _time = new();

    [Fact]
    public void Record_QueueIsFull_DropsCountsAndSaysSoOnce()
    {
        var recorder = Recorder(out var dropped);
        var record = Of(Guid.CreateVersion7(_time.GetUtcNow()));
        for (var i = 0; i < InterceptionRecorder.Capacity + 5; i++)
        {
            recorder.Record(record);
        }

        Assert.Equal((InterceptionRecorder.Capacity, 5), (recorder.Queue.Count, dropped()));
        Assert.Single(_logs.Of(EventIds.RecordsDropped));

        Assert.True(recorder.Queue.TryRead(out _)); // the database takes one
        recorder.Record(record);
        recorder.Record(record);
        Assert.Equal((InterceptionRecorder.Capacity, 6), (recorder.Queue.Count, dropped()));
        Assert.Equal(2, _logs.Of(EventIds.RecordsDropped).Count);
    }

    [Fact]
    public void Record_AfterCompletion_NeitherThrowsNorBlocks()
    {
        var recorder = Recorder(out var dropped);
        recorder.Complete();

        recorder.Record(Of(Guid.CreateVersion7(_time.GetUtcNow())));

        Assert.Equal(1, dropped());
    }

    [Fact]
    public void Record_OfAnonymousCallers_IsLimitedAndOthersAreNot()
    {
        var recorder = Recorder(out var dropped);
        for (var i = 0; i < 100; i++)
        {
            recorder.Record(Of(virtualKeyId: null));
            recorder.Record(Of(Guid.CreateVersion7(_time.GetUtcNow())));
        }

        Assert.Equal((100 + AnonymousQuota.PerSecond, 0), (recorder.Queue.Count, dropped()));
    }

    public void Dispose()
    {
        _services.Dispose();
        _logs.Dispose();
    }

    private InterceptionRecorder Recorder(out Func<long> dropped)
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        var metrics = new BridgeMetrics(meters);
        long count = 0;
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name == "trinity_records_dropped" && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((_, value, _, _) => count += value);
        listener.Start();
        dropped = () => count;
        using var factory = LoggerFactory.Create(logging => logging.AddProvider(_logs));
        return new InterceptionRecorder(metrics, _time, factory.CreateLogger<InterceptionRecorder>());
    }

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
