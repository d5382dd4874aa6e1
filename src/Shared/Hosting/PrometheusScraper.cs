using System.Diagnostics.Metrics;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Trinity.Shared.Hosting;

/// <summary>Collects the process's metrics when somebody scrapes them. <c>_gate</c> lets one scrape at a time use the shared text buffer.</summary>
public sealed class PrometheusScraper : IDisposable
{
    private const string OwnMeters = "Trinity.";
    private const int ForeignSeries = 100;

    private readonly Lock _gate = new();
    private readonly PrometheusText _exporter = new();
    private readonly MeterProvider _provider;

    /// <param name="meters">Names of the meters to collect; <c>*</c> is a wild card.</param>
    public PrometheusScraper(params string[] meters)
    {
        _provider = Sdk.CreateMeterProviderBuilder()
            .AddMeter(meters)
            .AddView(LimitOf)
            .AddReader(new BaseExportingMetricReader(_exporter))
            .Build();
    }

    /// <summary>The current values as Prometheus text.</summary>
    public string Scrape()
    {
        lock (_gate)
        {
            _exporter.Collect!(Timeout.Infinite);
            return _exporter.Render();
        }
    }

    // Room for series is taken in advance, by default for 2000 of each instrument: the runtime's and the web server's never have that many.
    private static MetricStreamConfiguration? LimitOf(Instrument instrument) =>
        instrument.Meter.Name.StartsWith(OwnMeters, StringComparison.Ordinal) ? null : new MetricStreamConfiguration { CardinalityLimit = ForeignSeries };

    public void Dispose()
    {
        _provider.Dispose();
        _exporter.Dispose();
    }
}
