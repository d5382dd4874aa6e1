using System.Globalization;
using System.Text;
using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.Peers;

namespace Trinity.Bench.Load.Reporting;

/// <summary>A run's results as Markdown.</summary>
internal sealed class BenchReport(BenchResults results, BenchPlan plan, IReadOnlyList<string> peers, string machine)
{
    private readonly StringBuilder _text = new();

    public string Write()
    {
        Line("# Load benchmark\n");
        Line(machine);
        Line($"{plan.Rounds} rounds of {plan.Slice.TotalSeconds:0.#} s per cell, the peers of a round in random order; a cell is the median of the rounds, with the lowest and highest in brackets. "
            + $"Warmed up for {plan.WarmUp.TotalSeconds:0} s per peer before. Errors in the whole run: {results.Errors}.\n");
        Targets();
        Saturation();
        OpenLoop();
        Rotations();
        return _text.ToString();
    }

    private void Targets()
    {
        Line("## Targets\n\n| target | measured | |\n|---|---:|---|");
        foreach (var target in BenchTargets.Of(results, peers))
        {
            Line($"| {target.Name} | {target.Measured} | {(target.Met ? "met" : "**missed**")} |");
        }

        Line("");
    }

    private void Saturation()
    {
        Line("## At the limit (closed loop, 32 connections)\n");
        foreach (var workload in results.Saturated)
        {
            Line($"### {workload.Name}\n\n| peer | requests/s | of bare YARP | CPU µs/request | RSS MB | allocated B/request | errors |\n|---|---:|---:|---:|---:|---:|---:|");
            var yardstick = results.MedianRate(Peer.Forwarder, workload);
            foreach (var peer in peers)
            {
                var rate = results.Saturation(peer, workload, slice => slice.RequestsPerSecond);
                var allocated = results.Saturation(peer, workload, slice => slice.AllocatedBytes ?? double.NaN).Median;
                Line($"| {peer} | {Cell(rate, "0")} | {rate.Median / yardstick:0.00} | {results.Saturation(peer, workload, slice => slice.CpuMicroseconds).Median:0} | {results.Saturation(peer, workload, slice => slice.ResidentMegabytes).Median:0} | {(double.IsNaN(allocated) ? "" : allocated.ToString("0", CultureInfo.InvariantCulture))} | {results.Saturation(peer, workload, slice => slice.Errors).Highest:0} |");
            }

            Line("");
        }
    }

    private void OpenLoop()
    {
        Line("## At a fixed rate (open loop, times from when a request was due; added = peer less direct)\n");
        foreach (var (workload, rate) in results.Rates)
        {
            Line($"### {workload.Name}, {rate}\n\n| peer | p50 ms | added p50 | added p95 | added p99 | added first chunk p50 | added first chunk p99 | gap between chunks p99 | RSS MB | errors |\n|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|");
            foreach (var peer in peers.Where(peer => !double.IsNaN(results.OpenLoop(peer, workload, rate, slice => slice.P50).Median)))
            {
                var gap = results.OpenLoop(peer, workload, rate, slice => slice.GapP99).Median;
                Line($"| {peer} | {Cell(results.OpenLoop(peer, workload, rate, slice => slice.P50), "0.00")} | {results.Added(peer, workload, rate, slice => slice.P50):0.00} | {results.Added(peer, workload, rate, slice => slice.P95):0.00} | {results.Added(peer, workload, rate, slice => slice.P99):0.00} "
                    + $"| {results.Added(peer, workload, rate, slice => slice.FirstP50):0.00} | {results.Added(peer, workload, rate, slice => slice.FirstP99):0.00} | {(double.IsNaN(gap) ? "" : gap.ToString("0.0", CultureInfo.InvariantCulture))} | {results.Resident(peer, workload, rate).Median:0} | {results.OpenLoop(peer, workload, rate, slice => slice.Errors).Highest:0} |");
            }

            Line("");
        }
    }

    private void Rotations()
    {
        var applied = results.AppliedMilliseconds.Order().ToArray();
        Line("## Rotations\n");
        Line(applied.Length == 0
            ? "None."
            : $"{applied.Length} rotations under load, answered with `?wait=applied` after {Spread.Percentile(applied, .5):0} ms (p50), {Spread.Percentile(applied, .99):0} ms (p99), {applied[^1]:0} ms at most.");
    }

    private static string Cell(Spread spread, string format) =>
        string.Create(CultureInfo.InvariantCulture, $"{spread.Median.ToString(format, CultureInfo.InvariantCulture)} [{spread.Lowest.ToString(format, CultureInfo.InvariantCulture)}–{spread.Highest.ToString(format, CultureInfo.InvariantCulture)}]");

    private void Line(FormattableString text) => _text.AppendLine(text.ToString(CultureInfo.InvariantCulture));

    private void Line(string text) => _text.AppendLine(text);
}
