using Trinity.Bench.Load.OpenLoop;
using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load.Reporting;

/// <summary>What is promised about the bridge's speed, judged by a run's results.</summary>
internal static class Promises
{
    private const double OfBareForwarder = 0.90;
    private const double OfPortkey = 10;
    private const double AddedP50 = 0.3;
    private const double AddedP99 = 2;
    private const double AddedFirstChunk = 0.5;
    private const double ResidentMegabytes = 120;
    private const double LeastWhileRotating = 0.90;
    private const double MostWhileRotating = 1.10;

    public static IEnumerable<Promise> Of(BenchResults results)
    {
        IReadOnlyList<Workload> sizes = [BenchPlan.Small, BenchPlan.Large];
        return
        [
            .. sizes.SelectMany(workload => Limit(results, workload)),
            .. sizes.SelectMany(workload => Half(results, workload)),
            FirstChunk(results),
            Promise.AtMost($"AiBridge's peak RSS under {BenchPlan.Small.Name}, at the limit and at half, MB", PeakResident(results, Peer.Bridge), ResidentMegabytes),
            .. sizes.SelectMany(workload => WhileRotating(results, workload)),
            FirstChunkWhileRotating(results),
            Promise.AtMost("peak RSS during 1 rotation/s, of undisturbed", PeakResident(results, Peer.Rotating) / PeakResident(results, Peer.Bridge), MostWhileRotating),
            Promise.AtMost("AiBridge's errors, with rotations and without", Measured(results) ? results.Errors(Peer.Bridge) + results.Errors(Peer.Rotating) : double.NaN, 0),
        ];
    }

    private static IEnumerable<Promise> Limit(BenchResults results, Workload workload)
    {
        var rate = results.MedianRate(Peer.Bridge, workload);
        yield return Promise.AtLeast($"{workload.Name}: requests/s of bare YARP's", rate / results.MedianRate(Peer.Forwarder, workload), OfBareForwarder);
        yield return Promise.AtLeast($"{workload.Name}: requests/s of Portkey's", rate / results.MedianRate(Peer.Portkey, workload), OfPortkey);
    }

    private static IEnumerable<Promise> Half(BenchResults results, Workload workload)
    {
        var rate = RateOf(results, workload);
        yield return Promise.AtMost($"{workload.Name}, {rate}: added p50, ms", results.Added(Peer.Bridge, workload, rate, percentiles => percentiles.P50), AddedP50);
        yield return Promise.AtMost($"{workload.Name}, {rate}: added p99, ms", results.Added(Peer.Bridge, workload, rate, percentiles => percentiles.P99), AddedP99);
    }

    private static Promise FirstChunk(BenchResults results)
    {
        var rate = RateOf(results, BenchPlan.Paced);
        return Promise.Below($"{BenchPlan.Paced.Name}, {rate}: added first chunk p50, ms", results.Added(Peer.Bridge, BenchPlan.Paced, rate, percentiles => percentiles.FirstP50), AddedFirstChunk);
    }

    private static IEnumerable<Promise> WhileRotating(BenchResults results, Workload workload)
    {
        var rate = RateOf(results, workload);
        yield return Promise.AtLeast($"{workload.Name}, at the limit: requests/s during 1 rotation/s, of undisturbed", results.MedianRate(Peer.Rotating, workload) / results.MedianRate(Peer.Bridge, workload), LeastWhileRotating);
        yield return Promise.AtMost($"{workload.Name}, {rate}: p50 during 1 rotation/s, of undisturbed", Ratio(results, workload, rate, percentiles => percentiles.P50), MostWhileRotating);
        yield return Promise.AtMost($"{workload.Name}, {rate}: p99 during 1 rotation/s, of undisturbed", Ratio(results, workload, rate, percentiles => percentiles.P99), MostWhileRotating);
    }

    private static Promise FirstChunkWhileRotating(BenchResults results)
    {
        var rate = RateOf(results, BenchPlan.Paced);
        return Promise.AtMost($"{BenchPlan.Paced.Name}, {rate}: first chunk p50 during 1 rotation/s, of undisturbed", Ratio(results, BenchPlan.Paced, rate, percentiles => percentiles.FirstP50), MostWhileRotating);
    }

    private static double Ratio(BenchResults results, Workload workload, string rate, Func<LatencyPercentiles, double> value)
    {
        var undisturbed = results.Percentile(Peer.Bridge, workload, rate, value);
        return double.IsInfinity(undisturbed) ? undisturbed : results.Percentile(Peer.Rotating, workload, rate, value) / undisturbed;
    }

    // At the limit too, where memory is at its highest.
    private static double PeakResident(BenchResults results, string peer)
    {
        var atHalf = results.OpenLoop(peer, BenchPlan.Small, RateOf(results, BenchPlan.Small));
        return atHalf.Count == 0 ? double.NaN : atHalf.Select(slice => slice.PeakMegabytes).Append(results.Saturation(peer, BenchPlan.Small, slice => slice.PeakMegabytes).Highest).Where(double.IsFinite).Max();
    }

    // The half rate of a size, or the rate of the paced streams: there is one of each.
    private static string RateOf(BenchResults results, Workload workload) =>
        results.Rates.Where(entry => entry.Workload == workload && (workload == BenchPlan.Paced || entry.Rate.StartsWith(BenchResults.HalfLabel, StringComparison.Ordinal))).Select(entry => entry.Rate).FirstOrDefault() ?? (workload == BenchPlan.Paced ? "paced" : BenchResults.HalfLabel);

    private static bool Measured(BenchResults results) => results.Saturated.Any() || results.Rates.Any() || results.Cold.Any();
}
