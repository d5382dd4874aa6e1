using System.Globalization;
using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load.Reporting;

/// <summary>One promise about speed, and what became of it.</summary>
internal sealed record BenchTarget(string Name, string Measured, bool Met);

/// <summary>The promises, judged by a run's results. What a run did not measure is not judged.</summary>
internal static class BenchTargets
{
    private const double OfBareForwarder = 0.90;
    private const double OfPortkey = 10;
    private const double AddedP50 = 0.3;
    private const double AddedP99 = 2;
    private const double AddedFirstChunk = 0.5;
    private const double ResidentMegabytes = 120;
    private const double OfUnrotated = 0.90;

    public static IEnumerable<BenchTarget> Of(BenchResults results, IReadOnlyList<string> peers)
    {
        foreach (var workload in results.Saturated.Where(workload => workload is { Api: "messages", BodyBytes: 300 or 200_000 }))
        {
            var rate = results.MedianRate(Peer.Bridge, workload);
            yield return AtLeast($"requests/s of bare YARP's, {workload.Name}", rate / results.MedianRate(Peer.Forwarder, workload), OfBareForwarder);
            if (peers.Contains(Peer.Portkey, StringComparer.Ordinal))
            {
                yield return AtLeast($"requests/s of Portkey's, {workload.Name}", rate / results.MedianRate(Peer.Portkey, workload), OfPortkey);
            }

            yield return AtLeast($"requests/s while rotating, of those without, {workload.Name}", results.MedianRate(Peer.Rotating, workload) / rate, OfUnrotated);
        }

        foreach (var (workload, rate) in results.Rates.Where(entry => entry.Rate.StartsWith("half", StringComparison.Ordinal) && entry.Workload.BodyBytes is 300))
        {
            yield return AtMost($"added p50, ms, {workload.Name}, {rate}", results.Added(Peer.Bridge, workload, rate, slice => slice.P50), AddedP50);
            yield return AtMost($"added p99, ms, {workload.Name}, {rate}", results.Added(Peer.Bridge, workload, rate, slice => slice.P99), AddedP99);
            yield return AtMost($"RSS, MB, {workload.Name}, {rate}", results.Resident(Peer.Bridge, workload, rate).Highest, ResidentMegabytes);
        }

        foreach (var (workload, rate) in results.Rates.Where(entry => entry.Workload.Reply == "paced"))
        {
            yield return AtMost($"added first chunk p50, ms, {workload.Name}, {rate}", results.Added(Peer.Bridge, workload, rate, slice => slice.FirstP50), AddedFirstChunk);
        }

        yield return AtMost("errors", results.Errors, 0);
    }

    private static BenchTarget AtLeast(string name, double value, double least) => new($"{name}: ≥ {Text(least)}", Text(value), value >= least);

    private static BenchTarget AtMost(string name, double value, double most) => new($"{name}: ≤ {Text(most)}", Text(value), value <= most);

    private static string Text(double value) => value.ToString("0.##", CultureInfo.InvariantCulture);
}
