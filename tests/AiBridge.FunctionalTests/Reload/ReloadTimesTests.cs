using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AiBridge.FunctionalTests.Bridges;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Reload;

namespace Trinity.AiBridge.FunctionalTests.Reload;

/// <summary>How far the last successful reload lies behind the last attempt is how stale a replica may be.</summary>
public sealed class ReloadTimesTests
{
    private const string Attempt = "trinity_providers_last_reload_timestamp";
    private const string Success = "trinity_providers_last_reload_success_timestamp";

    [Fact]
    public async Task Load_Fails_SnapshotStaysAndSuccessLagsTheAttemptUntilItIsMended()
    {
        var clock = new ManualTimeProvider();
        await using var bench = await TestBench.StartAsync(["anthropic"], configure: builder => builder.Services.AddSingleton<TimeProvider>(clock));
        var reloader = bench.Bridge.Services.GetRequiredService<ConfigReloader>();
        var snapshot = bench.Bridge.Snapshot;
        await bench.Database.ExecuteAsync("alter table virtual_keys rename column models to models_of_the_future; update ai_providers set enabled = true");
        await bench.Bridge.Logs.WhenLoggedAsync(EventIds.ReloadFailed);
        Assert.Equal(0, Lag(bench)); // no time has passed

        clock.Advance(TimeSpan.FromMinutes(7));
        Assert.False(await reloader.ReloadAsync(Timeouts.Token));

        Assert.Equal(7 * 60, Lag(bench));
        Assert.Same(snapshot, bench.Bridge.Snapshot);
        bench.Upstream.Expect("POST", "/v1/messages").WithKey(TestBench.KeyOf("anthropic")).Reply(AnthropicMessage.Saying("Hello.").Blocking());
        using (var reply = await bench.SendAsync(bench.Post(GatedStream.Path, GatedStream.Request)))
        {
            Assert.True(reply.IsSuccessStatusCode);
        }

        await bench.Database.ExecuteAsync("alter table virtual_keys rename column models_of_the_future to models");
        Assert.True(await reloader.ReloadAsync(Timeouts.Token));
        Assert.Equal(0, Lag(bench));
        Assert.Equal(await bench.Config.RevisionAsync(), bench.Bridge.Snapshot!.Generation);
    }

    private static double Lag(TestBench bench) => Gauge(bench, Attempt) - Gauge(bench, Success);

    private static double Gauge(TestBench bench, string name)
    {
        var meters = bench.Bridge.Services.GetRequiredService<IMeterFactory>();
        var seen = new List<double>();
        using var listener = new MeterListener();
        listener.InstrumentPublished = (instrument, listening) =>
        {
            if (ReferenceEquals(instrument.Meter.Scope, meters) && instrument.Name == name)
            {
                listening.EnableMeasurementEvents(instrument);
            }
        };
        listener.SetMeasurementEventCallback<double>((_, value, _, _) => seen.Add(value));
        listener.Start();
        listener.RecordObservableInstruments();
        return Assert.Single(seen);
    }
}
