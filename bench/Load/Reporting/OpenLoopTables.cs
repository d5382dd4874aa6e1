using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.OpenLoop;
using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load.Reporting;

/// <summary>The peers at fixed rates, a table per workload and rate.</summary>
internal static class OpenLoopTables
{
    private static readonly string[] Columns =
    [
        "peer", "p50 ms", "p99 ms", "added p50", "added p95", "added p99",
        "added first chunk p50", "added first chunk p95", "added first chunk p99", "gap between chunks p99", "RSS MB", "peak RSS MB", "stolen %", "errors",
    ];

    public static IEnumerable<string> Of(BenchResults results, IReadOnlyList<string> peers)
    {
        foreach (var (workload, rate) in results.Rates)
        {
            var table = new MarkdownTable(Columns);
            foreach (var peer in peers)
            {
                table.Row([peer, .. Cells(results, peer, workload, rate)]);
            }

            yield return $"### {workload.Name}, {rate}\n\n{table}";
        }
    }

    private static IEnumerable<string> Cells(BenchResults results, string peer, Workload workload, string rate)
    {
        var slices = results.OpenLoop(peer, workload, rate);
        return slices.All(slice => slice.Followed)
            ?
            [
                WithSpread(percentiles => percentiles.P50),
                WithSpread(percentiles => percentiles.P99),
                Added(percentiles => percentiles.P50),
                Added(percentiles => percentiles.P95),
                Added(percentiles => percentiles.P99),
                Added(percentiles => percentiles.FirstP50),
                Added(percentiles => percentiles.FirstP95),
                Added(percentiles => percentiles.FirstP99),
                MarkdownTable.Number(results.Percentile(peer, workload, rate, percentiles => percentiles.GapP99), "0.0"),
                MarkdownTable.Number(Spread.Of(slices.Select(slice => slice.ResidentMegabytes)).Median, "0"),
                MarkdownTable.Number(slices.Max(slice => slice.PeakMegabytes), "0"),
                MarkdownTable.Number(Spread.Of(slices.Select(slice => slice.StolenPercent)).Median, "0"),
                MarkdownTable.Number(slices.Sum(slice => slice.Errors), "0"),
            ]
            : ["cannot follow", .. Enumerable.Repeat(MarkdownTable.None, Columns.Length - 2)];

        string WithSpread(Func<LatencyPercentiles, double> value) =>
            MarkdownTable.Number(results.Percentile(peer, workload, rate, value), Spread.Of(slices.Select(slice => value(slice.Percentiles))), "0.00");

        string Added(Func<LatencyPercentiles, double> value) => MarkdownTable.Number(results.Added(peer, workload, rate, value), "0.00");
    }
}
