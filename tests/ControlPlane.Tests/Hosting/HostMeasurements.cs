using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;

namespace Trinity.ControlPlane.Tests.Hosting;

/// <summary>What one control plane, or a part of one, measures from now on. Meters are known to the whole process; only those of this factory are meant.</summary>
internal sealed class HostMeasurements : IDisposable
{
    private readonly ConcurrentBag<string> _all = [];
    private readonly MeterListener _listener;

    public HostMeasurements(ControlPlaneHost host)
        : this(host.Services.GetRequiredService<IMeterFactory>())
    {
    }

    public HostMeasurements(IMeterFactory meters)
    {
        _listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Meter.Name == ControlPlaneMetrics.MeterName)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        _listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => _all.Add(Describe(instrument, tags)));
        _listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => _all.Add(Describe(instrument, tags)));
        _listener.Start();
    }

    /// <summary>Each as <c>name unit label=value …</c>, in order of their text.</summary>
    public IReadOnlyList<string> All => [.. _all.Order(StringComparer.Ordinal)];

    public void Dispose() => _listener.Dispose();

    private static string Describe(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        $"{instrument.Name} {instrument.Unit} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}";
}
