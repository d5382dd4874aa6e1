using Trinity.Bench.Load.Measuring;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>Percentiles over samples, in milliseconds from when requests were due; no number where there is no sample.</summary>
internal sealed record LatencyPercentiles(double P50, double P95, double P99, double FirstP50, double FirstP95, double FirstP99, double GapP99)
{
    public static LatencyPercentiles Of(IReadOnlyCollection<LoadSample> samples)
    {
        var last = samples.Select(sample => sample.Last).Order().ToArray();
        var first = samples.Select(sample => sample.FirstContent).Order().ToArray();
        var gaps = samples.SelectMany(sample => sample.Gaps).Order().ToArray();
        return new LatencyPercentiles(At(last, .5), At(last, .95), At(last, .99), At(first, .5), At(first, .95), At(first, .99), At(gaps, .99));
    }

    private static double At(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : Spread.Percentile(sorted, share);
}
