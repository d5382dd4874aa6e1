using System.Diagnostics.Metrics;
using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Trinity.AiBridge.Forwarding;
using Trinity.AiBridge.Telemetry;
using Trinity.Shared.Configuration;

namespace Trinity.AiBridge.Tests.Forwarding;

public sealed class CircuitBreakersTests : IDisposable
{
    private const string Endpoint = "/v1/messages";
    private static readonly CircuitBreakerSettings Settings = new() { FailureThreshold = 3, IntervalSeconds = 10, TimeoutSeconds = 30, MaxRequests = 2 };

    private readonly ManualTimeProvider _time = new();
    private readonly CapturedLogs _logs = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly BridgeMetrics _metrics;
    private readonly CircuitBreakers _circuits;

    public CircuitBreakersTests()
    {
        _metrics = new BridgeMetrics(_services.GetRequiredService<IMeterFactory>());
        _circuits = new CircuitBreakers("p", Settings, _metrics, _time, new Logger<CircuitBreakers>(new LoggerFactory([_logs])));
    }

    [Fact]
    public void TryEnter_AfterFailuresInARow_IsRefusedUntilTheTimeout()
    {
        Fail(2);
        Assert.True(CanEnter());
        Fail(1);

        _time.Advance(TimeSpan.FromSeconds(29));
        Assert.Null(_circuits.TryEnter(Endpoint, "m", out var wait));
        Assert.Equal(TimeSpan.FromSeconds(1), wait);

        _time.Advance(TimeSpan.FromSeconds(1));
        Assert.True(CanEnter());
        Assert.Single(_logs.Of(EventIds.CircuitOpened));
    }

    [Fact]
    public void TryEnter_SuccessBetweenFailures_StartsTheCountAgain()
    {
        Fail(2);
        Succeed(1);
        Fail(2);

        Assert.True(CanEnter());
    }

    [Fact]
    public void TryEnter_FailuresFarApart_DoNotAddUp()
    {
        Fail(2);
        _time.Advance(TimeSpan.FromSeconds(11));
        Fail(2);
        Assert.True(CanEnter());

        Fail(1);
        Assert.False(CanEnter());
    }

    [Fact]
    public void TryEnter_FailuresInAnyIntervalOfThatLength_AddUp()
    {
        Fail(1);
        _time.Advance(TimeSpan.FromSeconds(9));
        Fail(1);
        _time.Advance(TimeSpan.FromSeconds(2));
        Fail(1);
        Assert.True(CanEnter());

        Fail(1);
        Assert.False(CanEnter());
    }

    [Fact]
    public void TryEnter_HalfOpen_LetsSoManyTryAndTheirSuccessesClose()
    {
        OpenAndWait();
        var first = _circuits.TryEnter(Endpoint, "m", out _)!;
        var second = _circuits.TryEnter(Endpoint, "m", out _)!;
        Assert.Null(_circuits.TryEnter(Endpoint, "m", out var wait));
        Assert.Equal(TimeSpan.FromSeconds(1), wait);
        Assert.Equal(CircuitState.HalfOpen, Assert.Single(_circuits.States).State);

        first.Answered(HttpStatusCode.OK, hasCredential: true);
        Assert.False(CanEnter());
        second.Answered(HttpStatusCode.OK, hasCredential: true);

        Assert.True(CanEnter());
        Assert.Empty(_circuits.States);
        Assert.Single(_logs.Of(EventIds.CircuitClosed));
    }

    [Fact]
    public void TryEnter_HalfOpenAndOneFails_IsOpenForAnotherTimeout()
    {
        OpenAndWait();
        var first = _circuits.TryEnter(Endpoint, "m", out _)!;
        var second = _circuits.TryEnter(Endpoint, "m", out _)!;

        first.Unanswered();
        second.Answered(HttpStatusCode.OK, hasCredential: true); // too late: the circuit is open again

        Assert.Null(_circuits.TryEnter(Endpoint, "m", out var wait));
        Assert.Equal(TimeSpan.FromSeconds(30), wait);
        Assert.Equal(2, _logs.Of(EventIds.CircuitOpened).Count);
    }

    [Fact]
    public void TryEnter_HalfOpenAndOneLeavesWithoutNews_AnotherMayTry()
    {
        OpenAndWait();
        var first = _circuits.TryEnter(Endpoint, "m", out _)!;
        Assert.NotNull(_circuits.TryEnter(Endpoint, "m", out _));
        Assert.False(CanEnter());

        first.Dispose();

        Assert.True(CanEnter());
    }

    [Fact]
    public void Answered_RequestOfBeforeTheCircuitOpened_DoesNotCloseIt()
    {
        var early = _circuits.TryEnter(Endpoint, "m", out _)!;
        OpenAndWait();
        var first = _circuits.TryEnter(Endpoint, "m", out _)!;

        early.Answered(HttpStatusCode.OK, hasCredential: true);
        first.Answered(HttpStatusCode.OK, hasCredential: true);

        Assert.Equal(CircuitState.HalfOpen, Assert.Single(_circuits.States).State);
    }

    [Fact]
    public void Unanswered_RequestsOfBeforeTheCircuitClosed_DoNotOpenItAgain()
    {
        var hanging = Enumerable.Range(0, 5).Select(_ => _circuits.TryEnter(Endpoint, "m", out var _)!).ToList();
        OpenAndWait();
        Answer(Settings.MaxRequests, HttpStatusCode.OK);
        Assert.Single(_logs.Of(EventIds.CircuitClosed));

        hanging.ForEach(pass => pass.Unanswered()); // all at once, as when a connection breaks

        Assert.True(CanEnter());
        Fail(3);
        Assert.False(CanEnter());
    }

    [Fact]
    public void TryEnter_TriesTakeLongerThanTheTimeout_OthersMayTry()
    {
        OpenAndWait();
        var slow = Enumerable.Range(0, Settings.MaxRequests).Select(_ => _circuits.TryEnter(Endpoint, "m", out var _)!).ToList();
        Assert.False(CanEnter());

        _time.Advance(TimeSpan.FromSeconds(Settings.TimeoutSeconds));

        Assert.True(CanEnter());
        slow.ForEach(pass => pass.Unanswered()); // of an earlier time
        Assert.True(CanEnter());
    }

    [Fact]
    public void TryEnter_OtherModelOrEndpoint_IsNotConcerned()
    {
        Fail(3);

        Assert.False(CanEnter());
        Assert.NotNull(_circuits.TryEnter(Endpoint, "n", out _));
        Assert.NotNull(_circuits.TryEnter("/v1/messages/count_tokens", "m", out _));
    }

    [Theory]
    [InlineData(503, true, "failure")]
    [InlineData(504, true, "failure")]
    [InlineData(529, true, "failure")]
    [InlineData(429, false, "failure")] // a local model without credentials
    [InlineData(429, true, "nothing")]
    [InlineData(401, true, "nothing")]
    [InlineData(403, true, "nothing")]
    [InlineData(500, true, "nothing")]
    [InlineData(502, true, "nothing")]
    [InlineData(200, true, "success")]
    [InlineData(400, true, "success")]
    [InlineData(404, true, "success")]
    public void Answered_Status_CountsAs(int status, bool hasCredential, string what)
    {
        Fail(Settings.FailureThreshold - 1);
        using (var pass = _circuits.TryEnter(Endpoint, "m", out _)!)
        {
            pass.Answered((HttpStatusCode)status, hasCredential);
            pass.Unanswered(); // what is told first counts
        }

        Assert.Equal(what != "failure", CanEnter());
        Assert.Equal(what == "success", _circuits.States.Count == 0);
    }

    [Fact]
    public void Report_ManyModels_AreBoundedAndDoNotKeepRealOnesOut()
    {
        for (var i = 0; i < 300; i++)
        {
            _circuits.TryEnter(Endpoint, $"m{i}", out _)!.Unanswered();
        }

        Assert.Equal(256, _circuits.States.Count);
        Fail(3);
        Assert.False(CanEnter());
    }

    [Fact]
    public void Report_EndlessModel_IsCut()
    {
        for (var i = 0; i < 3; i++)
        {
            _circuits.TryEnter(Endpoint, new string('m', 1_000_000), out _)!.Unanswered();
        }

        Assert.Equal(100, Assert.Single(_circuits.States).Model.Length);
        Assert.Null(_circuits.TryEnter(Endpoint, new string('m', 1_000_000), out _));
    }

    [Fact]
    public void States_CircuitThatNobodyAsksForAgain_IsForgotten()
    {
        Fail(3);
        _time.Advance(TimeSpan.FromSeconds(31));
        Assert.Equal(CircuitState.HalfOpen, Assert.Single(_circuits.States).State); // whoever comes next tries

        _time.Advance(TimeSpan.FromSeconds(10));

        Assert.Empty(_circuits.States);
    }

    [Fact]
    public void Metric_ShowsWhatHasFailedOfLate()
    {
        _metrics.ObserveCircuits(() => _circuits.States.Select(circuit => ("p", circuit.Endpoint, circuit.Model, circuit.State)));
        var seen = new List<(string? Model, double Value)>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, me) =>
        {
            if (instrument.Name == "trinity_circuit_breaker_state" && ReferenceEquals(instrument.Meter.Scope, _services.GetRequiredService<IMeterFactory>()))
            {
                me.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, tags, _) => seen.Add((tags.ToArray().Single(tag => tag.Key == "model").Value as string, value)));
        listener.Start();
        Fail(1);
        listener.RecordObservableInstruments();
        Fail(2);
        listener.RecordObservableInstruments();
        _time.Advance(TimeSpan.FromSeconds(Settings.TimeoutSeconds));
        Assert.True(CanEnter());
        listener.RecordObservableInstruments();

        Assert.Equal([("m", 0), ("m", 1), ("m", 0.5)], seen);
    }

    [Fact]
    public async Task TryEnter_FromManyThreads_LetsNoMoreTryThanItMay()
    {
        OpenAndWait();
        var entered = 0;

        await Parallel.ForAsync(0, 1000, (_, _) =>
        {
            if (_circuits.TryEnter(Endpoint, "m", out var _) is not null)
            {
                Interlocked.Increment(ref entered);
            }

            return ValueTask.CompletedTask;
        });

        Assert.Equal(Settings.MaxRequests, entered);
    }

    public void Dispose()
    {
        _logs.Dispose();
        _services.Dispose();
    }

    private bool CanEnter()
    {
        using var pass = _circuits.TryEnter(Endpoint, "m", out _);
        return pass is not null;
    }

    private void OpenAndWait()
    {
        Fail(Settings.FailureThreshold);
        _time.Advance(TimeSpan.FromSeconds(Settings.TimeoutSeconds));
    }

    private void Fail(int times) => Answer(times, HttpStatusCode.ServiceUnavailable);

    private void Succeed(int times) => Answer(times, HttpStatusCode.OK);

    private void Answer(int times, HttpStatusCode status)
    {
        for (var i = 0; i < times; i++)
        {
            using var pass = _circuits.TryEnter(Endpoint, "m", out _)!;
            pass.Answered(status, hasCredential: true);
        }
    }
}
