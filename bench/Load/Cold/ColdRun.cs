using System.Diagnostics;
using System.Globalization;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Reporting;
using Trinity.Bench.Load.Saturation;
using Trinity.Bench.Load.Upstream;

namespace Trinity.Bench.Load.Cold;

/// <summary>Measures fresh processes, one per variant and round: how soon they are ready, and what they do in each of their first seconds under as much load as they take.</summary>
/// <remarks>A fresh bridge joins the run's own database as one more replica. What was answered is counted by the upstream, so that the load needs no gaps.</remarks>
internal sealed class ColdRun(BenchPlan plan, BenchPlaces places, ColdPrograms? programs, Func<string, Place, Peer> peerOf, SaturationMeter meter, HttpClient http, BenchResults results, string folder, TextWriter progress)
{
    private static readonly string[] Processes = [Peer.Forwarder, Peer.Bridge];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (programs is null)
        {
            throw new FormatException("--cold-bridge is missing.");
        }

        var variants = (plan.FewColdVariants ? ColdVariant.Few : ColdVariant.All).Where(variant => programs.ReadyToRun is not null || !variant.ReadyToRun);
        var cells = (from process in Processes from variant in variants where process == Peer.Bridge || variant != ColdVariant.JustInTime select (Process: process, Variant: variant)).ToArray();
        for (var round = 1; round <= plan.Rounds; round++)
        {
            Random.Shared.Shuffle(cells);
            foreach (var (process, variant) in cells)
            {
                var slice = await MeasureAsync(process, programs.Of(process, variant, places.Upstream.Url), cancellationToken);
                results.Add(process, variant, slice);
                await progress.WriteLineAsync($"round {round}/{plan.Rounds}  cold {process}, {variant.Name}: ready after {slice.ReadyMilliseconds:0} ms, {string.Join(" ", slice.RequestsPerSecond.Select(rate => rate.ToString("0", CultureInfo.InvariantCulture)))} requests/s, {slice.Errors} errors");
            }
        }
    }

    private async Task<ColdSlice> MeasureAsync(string name, ColdCommand command, CancellationToken cancellationToken)
    {
        await using var process = ColdProcess.Start(command, places.Cores?.Gateway, Path.Combine(folder, "cold.log"));
        var ready = await process.ReadyAsync(http, new Uri(command.Url, command.ReadyPath), cancellationToken);
        var load = meter.MeasureAsync(peerOf(name, new Place(command.Url, process.Id)), BenchPlan.Small, plan.ColdSlice * plan.ColdSlices, cancellationToken);
        var rates = new List<double>();
        var (before, began) = await ServedAsync(cancellationToken);
        for (var number = 1; number <= plan.ColdSlices; number++)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(Math.Max(1, (plan.ColdSlice - Stopwatch.GetElapsedTime(began)).TotalMilliseconds)), cancellationToken);
            var (after, ended) = await ServedAsync(cancellationToken);
            rates.Add((after - before) / Stopwatch.GetElapsedTime(began, ended).TotalSeconds);
            (before, began) = (after, ended);
        }

        var loaded = await load;
        return new ColdSlice(ready.TotalMilliseconds, rates, loaded.ResidentMegabytes, loaded.PeakMegabytes, loaded.Errors);
    }

    private async Task<(long Count, long At)> ServedAsync(CancellationToken cancellationToken)
    {
        var count = long.Parse(await http.GetStringAsync(new Uri(places.Upstream.Url, UpstreamServer.ServedPath), cancellationToken), CultureInfo.InvariantCulture);
        return (count, Stopwatch.GetTimestamp());
    }
}
