using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.OpenLoop;
using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load.Reporting;

/// <summary>AiBridge beside itself while a key is rotated every second.</summary>
internal static class RotationTable
{
    public static IEnumerable<string> Of(BenchResults results)
    {
        var table = new MarkdownTable("load", "undisturbed", "during 1 rotation/s", "ratio");
        foreach (var workload in results.Saturated)
        {
            Row($"{workload.Name}, at the limit: requests/s", peer => results.MedianRate(peer, workload), "0");
        }

        foreach (var (workload, rate) in results.Rates)
        {
            Latency("p50 ms", percentiles => percentiles.P50);
            Latency("p99 ms", percentiles => percentiles.P99);
            Latency("first chunk p50 ms", percentiles => percentiles.FirstP50);

            void Latency(string name, Func<LatencyPercentiles, double> value) => Row($"{workload.Name}, {rate}: {name}", peer => results.Percentile(peer, workload, rate, value), "0.00");
        }

        yield return table.ToString();
        var applied = results.AppliedMilliseconds.Order().ToArray();
        yield return applied.Length == 0
            ? "No key was rotated.\n"
            : $"{applied.Length} rotations under load, answered with `?wait=applied` after {Number(.5)} ms (p50), {Number(.99)} ms (p99), {Number(1)} ms at most.\n";

        string Number(double share) => MarkdownTable.Number(Spread.Percentile(applied, share), "0");

        void Row(string load, Func<string, double> value, string format)
        {
            var (undisturbed, rotating) = (value(Peer.Bridge), value(Peer.Rotating));
            table.Row(load, MarkdownTable.Number(undisturbed, format), MarkdownTable.Number(rotating, format), MarkdownTable.Number(rotating / undisturbed, "0.00"));
        }
    }
}
