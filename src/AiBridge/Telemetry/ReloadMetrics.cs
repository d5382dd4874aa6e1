using System.Diagnostics;
using System.Diagnostics.Metrics;
using Trinity.AiBridge.Configuration;

namespace Trinity.AiBridge.Telemetry;

/// <summary>How fresh this replica's configuration is.</summary>
/// <remarks>The times are written by the reload loop alone and read at scrapes, both through <see cref="Volatile"/>.</remarks>
internal sealed class ReloadMetrics
{
    private readonly Histogram<double> _commitToApplied;
    private readonly Counter<long> _reloads;
    private double _lastAttempt;
    private double _lastSuccess;

    public ReloadMetrics(IMeterFactory meters, ConfigProvider config)
    {
        var meter = meters.Create(BridgeMetrics.MeterName);
        _commitToApplied = meter.CreateHistogram("trinity_config_commit_to_applied", "s", "From a configuration change in Postgres to its application here, by the database's clock.",
            null, new InstrumentAdvice<double> { HistogramBucketBoundaries = [.005, .01, .025, .05, .1, .25, .5, 1, 2, 5, 30] });
        _reloads = meter.CreateCounter<long>("trinity_config_reloads", null, "Reload attempts by result.");
        meter.CreateObservableGauge("trinity_config_applied_revision", () => config.Current?.Generation ?? 0, null, "The configuration revision that this replica serves.");
        meter.CreateObservableGauge("trinity_providers_last_reload_timestamp", () => Volatile.Read(ref _lastAttempt), "s", "When a reload was last tried (Unix time).");
        meter.CreateObservableGauge("trinity_providers_last_reload_success_timestamp", () => Volatile.Read(ref _lastSuccess), "s", "When a reload last succeeded (Unix time).");
        meter.CreateObservableGauge("trinity_provider_info", () => Providers(config.Current), null, "1 per configured provider.");
    }

    public void Attempted(DateTimeOffset now) => Volatile.Write(ref _lastAttempt, Unix(now));

    public void Succeeded(DateTimeOffset now)
    {
        Volatile.Write(ref _lastSuccess, Unix(now));
        _reloads.Add(1, new TagList { { "result", "success" } });
    }

    public void Failed() => _reloads.Add(1, new TagList { { "result", "failure" } });

    public void Applied(TimeSpan afterCommit) => _commitToApplied.Record(afterCommit.TotalSeconds);

    private static double Unix(DateTimeOffset now) => now.ToUnixTimeMilliseconds() / 1000d;

    private static List<Measurement<int>> Providers(ConfigSnapshot? snapshot) => snapshot is null ? [] :
    [
        .. snapshot.Providers.Values.Select(provider => new Measurement<int>(
            1,
            new("provider_name", provider.Name),
            new("provider_type", provider.Config.Type),
            new("status", provider.State.ToString().ToLowerInvariant()))),
    ];
}
