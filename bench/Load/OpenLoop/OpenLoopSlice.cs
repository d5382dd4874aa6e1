using Trinity.Bench.Load.Measuring;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>Percentiles of one slice, in milliseconds from when requests were due.</summary>
internal sealed record OpenLoopSlice(int Requests, int Errors, int Connections, double P50, double P95, double P99, double FirstP50, double FirstP99, double GapP99, string? FirstError)
{
    public static OpenLoopSlice Of(IReadOnlyList<LoadSample> samples, int errors, int connections, string? firstError = null)
    {
        var last = samples.Select(sample => sample.Last).Order().ToArray();
        var first = samples.Select(sample => sample.FirstContent).Order().ToArray();
        var gaps = samples.SelectMany(sample => sample.Gaps).Order().ToArray();
        return new OpenLoopSlice(samples.Count, errors, connections, At(last, .5), At(last, .95), At(last, .99), At(first, .5), At(first, .99), At(gaps, .99), firstError);
    }

    private static double At(double[] sorted, double share) => sorted.Length == 0 ? double.NaN : Spread.Percentile(sorted, share);
}
