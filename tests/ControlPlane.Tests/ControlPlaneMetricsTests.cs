using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;

namespace Trinity.ControlPlane.Tests;

public sealed class ControlPlaneMetricsTests
{
    [Fact]
    public async Task Writes_AreCountedByAction_AndWaitsByTheirEnd()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var measured = new ConcurrentBag<string>();
        using var listener = Listen(host.Services.GetRequiredService<IMeterFactory>(), measured);

        await host.Admin.CreateProviderAsync("main");
        (await host.Admin.PostAsync("providers", """{"name": "main", "type": "openai"}""")).IsProblem(409);
        (await host.Admin.PatchAsync("providers/main?wait=applied", """{"enabled": false}""")).Is(200);

        Assert.Equal(
            ["trinity.control.apply_wait s complete=True", "trinity.control.writes {write} action=provider.create", "trinity.control.writes {write} action=provider.update"],
            measured.Order(StringComparer.Ordinal));
    }

    // Meters are known to the whole process; only this host's are meant.
    private static MeterListener Listen(IMeterFactory meters, ConcurrentBag<string> measured)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Meter.Name == ControlPlaneMetrics.MeterName)
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<long>((instrument, _, tags, _) => measured.Add(Describe(instrument, tags)));
        listener.SetMeasurementEventCallback<double>((instrument, _, tags, _) => measured.Add(Describe(instrument, tags)));
        listener.Start();
        return listener;
    }

    private static string Describe(Instrument instrument, ReadOnlySpan<KeyValuePair<string, object?>> tags) =>
        $"{instrument.Name} {instrument.Unit} {string.Join(' ', tags.ToArray().Select(tag => $"{tag.Key}={tag.Value}"))}";
}
