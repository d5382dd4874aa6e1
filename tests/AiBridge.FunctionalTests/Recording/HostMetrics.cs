using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Recording;

/// <summary>Sums the counters of one bridge, from now on; a scrape would also show the other bridges of this process.</summary>
internal sealed class HostMetrics : IDisposable
{
    private readonly MeterListener _listener = new();
    private readonly ConcurrentDictionary<string, long> _sums = new(StringComparer.Ordinal);

    public HostMetrics(BridgeHost host)
    {
        var meters = host.Services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters) && !instrument.IsObservable)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) => _sums.AddOrUpdate(Name(instrument, tags), value, (_, sum) => sum + value));
        _listener.Start();
    }

    /// <summary>By <c>name{label=value,…}</c>, labels as they were given.</summary>
    public IReadOnlyDictionary<string, long> Sums => _sums;

    /// <summary>What a gauge of one bridge says now, all labels together.</summary>
    public static int Gauge(BridgeHost host, string name)
    {
        var meters = host.Services.GetRequiredService<IMeterFactory>();
        var sum = 0;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, listener) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Name == name)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((_, value, _, _) => sum += value);
        listener.Start();
        listener.RecordObservableInstruments();
        return sum;
    }

    public void Dispose() => _listener.Dispose();

    private static string Name(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var labels = new List<string>();
        foreach (var (label, value) in tags)
        {
            labels.Add($"{label}={value}");
        }

        return $"{instrument.Name}{{{string.Join(',', labels)}}}";
    }
}
