namespace Trinity.Bench.Load.Measuring;

/// <summary>The rounds' values of one cell.</summary>
internal readonly record struct Spread(double Median, double Lowest, double Highest)
{
    /// <param name="values">Those that are no numbers are left out.</param>
    public static Spread Of(IEnumerable<double> values)
    {
        var sorted = values.Where(value => !double.IsNaN(value)).Order().ToArray();
        return sorted.Length == 0 ? new Spread(double.NaN, double.NaN, double.NaN) : new Spread(Percentile(sorted, 0.5), sorted[0], sorted[^1]);
    }

    /// <param name="sorted">Ascending, not empty.</param>
    /// <param name="share">From 0 to 1; between two values it is interpolated.</param>
    public static double Percentile(IReadOnlyList<double> sorted, double share)
    {
        var place = share * (sorted.Count - 1);
        var below = (int)place;
        return below + 1 < sorted.Count ? sorted[below] + ((sorted[below + 1] - sorted[below]) * (place - below)) : sorted[below];
    }
}
