using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Trinity.AiBridge.Recording;
using Trinity.AiBridge.Telemetry;
using Trinity.Shared.Limits;

namespace Trinity.AiBridge.Tests.Recording;

/// <summary>An observer of limits with its counters and its log.</summary>
internal sealed class LimitsBench : IDisposable
{
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly MeterListener _listener;
    private readonly ILoggerFactory _loggers;
    private readonly ConcurrentDictionary<string, long> _sums = new(StringComparer.Ordinal);

    public LimitsBench()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        var metrics = new BridgeMetrics(meters);
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, listening) =>
            {
                if (instrument.Name.StartsWith("trinity_limits_", StringComparison.Ordinal) && ReferenceEquals(instrument.Meter.Scope, meters))
                {
                    listening.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            _sums.AddOrUpdate($"{instrument.Name["trinity_limits_".Length..]} {Assert.Single(tags.ToArray()).Value}", value, (_, sum) => sum + value));
        _listener.Start();
        _loggers = LoggerFactory.Create(logging => logging.AddProvider(Logs));
        Observer = new LimitsObserver(metrics, _loggers.CreateLogger<LimitsObserver>());
    }

    public CapturedLogs Logs { get; } = new();

    public ManualTimeProvider Time { get; } = new();

    public LimitsObserver Observer { get; }

    /// <summary>A counter of a provider, such as <c>observed p</c>.</summary>
    public long Sum(string counterAndProvider) => _sums.GetValueOrDefault(counterAndProvider);

    public LimitsShipper Shipper(ILimitsStore store) => new(Observer, store, Time, _loggers.CreateLogger<LimitsShipper>());

    /// <summary>What a reply said, so many seconds from the beginning.</summary>
    public static ObservedLimits Of(string credential, double seconds = 0, double utilization = .5) => new()
    {
        Credential = credential,
        Provider = "p",
        Limits = new PlanLimits { Windows = [new PlanWindow { Name = PlanWindows.FiveHour, Utilization = utilization }] },
        Detail = "d",
        ObservedAt = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero).AddSeconds(seconds),
    };

    public void Dispose()
    {
        _listener.Dispose();
        _loggers.Dispose();
        _services.Dispose();
        Logs.Dispose();
    }
}
