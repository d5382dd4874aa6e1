using Trinity.Bench.Load.Measuring;

namespace Trinity.Bench.Load.Saturation;

/// <summary>One slice of a peer at its limit.</summary>
/// <param name="RequestsPerSecond">Completed ones.</param>
/// <param name="CpuMicroseconds">Processor time of the peer per request.</param>
/// <param name="ResidentMegabytes">The peer's memory at the slice's end.</param>
/// <param name="PeakMegabytes">Its memory at most.</param>
/// <param name="AllocatedBytes">Managed bytes per request; null where unknown.</param>
/// <param name="Errors">Of any kind.</param>
internal sealed record SaturationSlice(double RequestsPerSecond, double CpuMicroseconds, double ResidentMegabytes, double PeakMegabytes, double? AllocatedBytes, long Errors) : ISlice<SaturationSlice>
{
    /// <inheritdoc/>
    public double StolenPercent { get; init; }

    /// <inheritdoc/>
    public bool Followed => true;

    /// <inheritdoc/>
    public SaturationSlice InsteadOf(SaturationSlice dropped) => this with { Errors = Errors + dropped.Errors, PeakMegabytes = Math.Max(PeakMegabytes, dropped.PeakMegabytes) };
}
