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
        Line(Method() + "\n");
        Promised();
        if (plan.Has(BenchSections.Saturated))
        {
            Section($"At the limit (closed loop, {BenchPlan.Connections} connections)", SaturationTables.Of(results, peers));
        }

        if (plan.Has(BenchSections.Half) || plan.Has(BenchSections.Rates) || plan.Has(BenchSections.Paced))
        {
            Section("At a fixed rate (open loop, times from when a request was due; added = peer less direct)", OpenLoopTables.Of(results, peers));
        }

        if (plan.Has(BenchSections.Rotation))
        {
            Section("During 1 rotation/s", RotationTable.Of(results));
        }

        if (plan.Has(BenchSections.Cold))
        {
            Section("Cold (a fresh process at its limit from its first request on: requests/s in the slice that ends there)", ColdTable.Of(results, plan));
        }

        return _text.ToString().TrimEnd() + "\n";
    }

    private string Method()
    {
        var rounds = $"{plan.Rounds} {(plan.Rounds == 1 ? "round" : "rounds")} per cell, in random order{(plan.Sections == BenchSections.Cold ? "" : $", of {MarkdownTable.Number(plan.Slice.TotalSeconds, "0.#")} s")}.";
        var warmUp = plan.Sections == BenchSections.Cold || plan.WarmUp == TimeSpan.Zero ? "" : $" Each peer was warmed up with each workload for {MarkdownTable.Number(plan.WarmUp.TotalSeconds, "0.#")} s before.";
        return $"{rounds} Rates and percentiles are the median of the rounds'; in brackets the lowest and the highest round. Peak RSS is the highest of a cell's rounds.{warmUp} {Disturbed()}{Errors()} {Records()}";
    }

    private string Disturbed() => results.SlicesDropped == 0
        ? ""
        : $"{results.SlicesDropped} {(results.SlicesDropped == 1 ? "slice was" : "slices were")} measured in vain, because the host kept more than {QuietSlices.MostStolenPercent} % of a processor's time: of up to {plan.Tries} tries the quietest counts, with the errors and the peak of all. ";

    private string Errors()
    {
        var errors = new[] { Peer.Direct, Peer.Forwarder, Peer.Nginx, Peer.Portkey, Peer.Bridge, Peer.Rotating }.Select(peer => (peer, Count: results.Errors(peer))).Where(entry => entry.Count > 0).ToList();
        return errors.Count == 0 ? "No peer had an error." : $"Errors: {string.Join(", ", errors.Select(entry => $"{entry.peer} {entry.Count}"))}.";
    }

    private string Records() => results.RecordsDropped == 0 ? "AiBridge dropped no record." : $"AiBridge dropped {results.RecordsDropped} records: Postgres did not keep up.";

    private void Promised()
    {
        Line("## The promises\n");
        Line("| promise | measured | |\n|---|---:|---|");
        foreach (var promise in Promises.Of(results))
        {
            Line($"| {promise.Name} | {promise.Measured} | {promise.Verdict} |");
        }

        Line("");
    }

    private void Section(string title, IEnumerable<string> parts)
    {
        Line($"## {title}\n");
        foreach (var part in parts)
        {
            Line(part);
        }
    }

    private void Line(string text) => _text.Append(text).Append('\n');
}
