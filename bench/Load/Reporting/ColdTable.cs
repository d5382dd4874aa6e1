using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load.Reporting;

/// <summary>Fresh processes, a row per variant.</summary>
internal static class ColdTable
{
    public static IEnumerable<string> Of(BenchResults results, BenchPlan plan)
    {
        foreach (var process in new[] { Peer.Forwarder, Peer.Bridge }.Where(process => results.Cold.Any(cell => cell.Process == process)))
        {
            var seconds = Enumerable.Range(1, plan.ColdSlices).Select(number => $"{MarkdownTable.Number(number * plan.ColdSlice.TotalSeconds, "0.#")} s");
            var table = new MarkdownTable(["variant", "ready after ms", .. seconds, "RSS MB", "peak RSS MB", "errors"]);
            foreach (var (_, variant) in results.Cold.Where(cell => cell.Process == process).OrderBy(cell => Rank(cell.Variant)))
            {
                var slices = results.ColdSlices(process, variant);
                var ready = Spread.Of(slices.Select(slice => slice.ReadyMilliseconds));
                table.Row(
                [
                    variant.Name,
                    MarkdownTable.Number(ready.Median, ready, "0"),
                    .. Enumerable.Range(0, plan.ColdSlices).Select(index => MarkdownTable.Number(Spread.Of(slices.Select(slice => slice.RequestsPerSecond[index])).Median, "0")),
                    MarkdownTable.Number(Spread.Of(slices.Select(slice => slice.ResidentMegabytes)).Median, "0"),
                    MarkdownTable.Number(slices.Max(slice => slice.PeakMegabytes), "0"),
                    MarkdownTable.Number(slices.Sum(slice => slice.Errors), "0"),
                ]);
            }

            yield return $"### {process}\n\n{table}";
        }
    }

    private static int Rank(Cold.ColdVariant variant) => Cold.ColdVariant.All.Select((item, index) => (item, index)).First(entry => entry.item == variant).index;
}
