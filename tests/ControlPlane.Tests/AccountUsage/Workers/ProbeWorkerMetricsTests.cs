using System.Diagnostics.Metrics;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

public sealed class ProbeWorkerMetricsTests
{
    [Fact]
    public async Task Probes_AreCountedByChannelAndResult_AndColdStartsByReason()
    {
        await using var bench = new ProberBench(options => (options.WorkerWait, options.WorkersPerHome) = (TimeSpan.Zero, 1));
        using var measured = new HostMeasurements(bench.Meters);

        var (warm, question) = await bench.AskedAsync();
        var (cold, broken) = await bench.AskedAsync();
        broken.Say("garbage");
        question.Answer();
        await Task.WhenAll(warm, cold);
        bench.Workers.Script = each => each.Answer();
        await bench.ProbeAsync(channel: "whatever an operator wrote");

        Assert.Equal(
            [
                "trinity.control.home_probes {probe} channel=anthropic result=unavailable cold=True",
                "trinity.control.home_probes {probe} channel=anthropic result=unsupported cold=False",
                "trinity.control.home_probes {probe} channel=other result=unsupported cold=False",
                "trinity.control.probe_cold_starts {process} reason=busy",
            ],
            measured.All);
    }

    [Fact]
    public async Task ColdStart_AfterAWait_HasItsOwnReason()
    {
        await using var bench = new ProberBench(options => options.WorkersPerHome = 1);
        using var measured = new HostMeasurements(bench.Meters);
        await bench.AskedAsync();
        var cold = bench.ProbeAsync();

        bench.Time.Advance(bench.Settings.WorkerWait);
        (await bench.Workers.QuestionAsync(2)).Answer();
        await cold;

        Assert.Contains("trinity.control.probe_cold_starts {process} reason=waited", measured.All);
    }

    [Fact]
    public async Task LivingWorkers_AreAGauge()
    {
        await using var bench = new ProberBench();
        await bench.AnsweredAsync("/a");
        await bench.AnsweredAsync("/b");

        Assert.Equal(2, Living(bench));
        await bench.Prober.DisposeAsync();
        Assert.Equal(0, Living(bench));
    }

    private static int Living(ProberBench bench)
    {
        var living = -1;
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, bench.Meters) && instrument.Name == "trinity.control.probe_workers")
                {
                    self.EnableMeasurementEvents(instrument);
                }
            },
        };
        listener.SetMeasurementEventCallback<int>((_, value, _, _) => living = value);
        listener.Start();
        listener.RecordObservableInstruments();
        return living;
    }
}
