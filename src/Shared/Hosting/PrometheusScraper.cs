using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Trinity.Shared.Hosting;

/// <summary>Collects the process's metrics when somebody scrapes them. <c>_gate</c> lets one scrape at a time use the shared text buffer.</summary>
public sealed class PrometheusScraper : IDisposable
{
    private readonly Lock _gate = new();
    private readonly PrometheusText _exporter = new();
    private readonly MeterProvider _provider;

    /// <param name="meters">Names of the meters to collect; <c>*</c> is a wild card.</param>
    public PrometheusScraper(params string[] meters)
    {
        _provider = Sdk.CreateMeterProviderBuilder().AddMeter(meters).AddReader(new BaseExportingMetricReader(_exporter)).Build();
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

    public void Dispose()
    {
        _provider.Dispose();
        _exporter.Dispose();
    }
}
