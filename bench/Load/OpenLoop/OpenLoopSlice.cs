using Trinity.Bench.Load.Measuring;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>One slice at a fixed rate.</summary>
/// <param name="Samples">The good ones.</param>
/// <param name="Errors">Of any kind.</param>
/// <param name="FirstError">What went wrong first, if anything did.</param>
/// <param name="Followed">False when requests piled up until the slice was broken off.</param>
internal sealed record OpenLoopSlice(IReadOnlyCollection<LoadSample> Samples, int Errors, string? FirstError, bool Followed) : ISlice<OpenLoopSlice>
{
    public LatencyPercentiles Percentiles { get; } = LatencyPercentiles.Of(Samples);

    /// <summary>The peer's memory after the slice, and at most.</summary>
    public double ResidentMegabytes { get; init; }
    public double PeakMegabytes { get; init; }

    /// <inheritdoc/>
    public double StolenPercent { get; init; }

    /// <inheritdoc/>
    public OpenLoopSlice InsteadOf(OpenLoopSlice dropped) =>
        this with { Errors = Errors + dropped.Errors, FirstError = FirstError ?? dropped.FirstError, PeakMegabytes = Math.Max(PeakMegabytes, dropped.PeakMegabytes) };
}
