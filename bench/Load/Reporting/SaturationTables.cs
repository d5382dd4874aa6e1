using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load.Reporting;

/// <summary>The peers at their limit, a table per workload.</summary>
internal static class SaturationTables
{
    public static IEnumerable<string> Of(BenchResults results, IReadOnlyList<string> peers)
    {
        foreach (var workload in results.Saturated)
        {
            var table = new MarkdownTable("peer", "requests/s", "of bare YARP", "CPU µs/request", "RSS MB", "peak RSS MB", "allocated B/request", "stolen %", "errors");
            var yardstick = results.MedianRate(Peer.Forwarder, workload);
            foreach (var peer in peers)
            {
                var rate = results.Saturation(peer, workload, slice => slice.RequestsPerSecond);
                table.Row(
                    peer,
                    MarkdownTable.Number(rate.Median, rate, "0"),
                    MarkdownTable.Number(rate.Median / yardstick, "0.00"),
                    MarkdownTable.Number(results.Saturation(peer, workload, slice => slice.CpuMicroseconds).Median, "0"),
                    MarkdownTable.Number(results.Saturation(peer, workload, slice => slice.ResidentMegabytes).Median, "0"),
                    MarkdownTable.Number(results.Saturation(peer, workload, slice => slice.PeakMegabytes).Highest, "0"),
                    MarkdownTable.Number(results.Saturation(peer, workload, slice => slice.AllocatedBytes ?? double.NaN).Median, "0"),
                    MarkdownTable.Number(results.Saturation(peer, workload, slice => slice.StolenPercent).Median, "0"),
                    MarkdownTable.Number(results.Saturation(peer, workload, slice => slice.Errors).Highest, "0"));
            }

            yield return $"### {workload.Name}\n\n{table}";
        }
    }
}
