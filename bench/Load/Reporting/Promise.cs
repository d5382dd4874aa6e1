using System.Globalization;

namespace Trinity.Bench.Load.Reporting;

/// <summary>One promise about speed, and what became of it. What a run has not measured (no number) is neither met nor missed; what a peer could not do (infinite) is missed.</summary>
internal sealed record Promise(string Name, double Value, bool Met)
{
    public string Measured => double.IsNaN(Value) ? MarkdownTable.None : double.IsInfinity(Value) ? "cannot follow" : Text(Value);

    public string Verdict => double.IsNaN(Value) ? "not measured" : Met ? "met" : "**missed**";

    public static Promise AtLeast(string name, double value, double least) => new($"{name} ≥ {Text(least)}", value, double.IsFinite(value) && value >= least);

    public static Promise AtMost(string name, double value, double most) => new($"{name} ≤ {Text(most)}", value, double.IsFinite(value) && value <= most);

    public static Promise Below(string name, double value, double limit) => new($"{name} < {Text(limit)}", value, double.IsFinite(value) && value < limit);

    private static string Text(double value) => value.ToString("0.###", CultureInfo.InvariantCulture);
}
