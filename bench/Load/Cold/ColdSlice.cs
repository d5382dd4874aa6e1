namespace Trinity.Bench.Load.Cold;

/// <summary>The first seconds of one process.</summary>
/// <param name="ReadyMilliseconds">From its start to its first answer that says so.</param>
/// <param name="RequestsPerSecond">In each of the slices of its first load, in order.</param>
/// <param name="ResidentMegabytes">Its memory after that.</param>
/// <param name="PeakMegabytes">Its memory at most.</param>
/// <param name="Errors">Of any kind.</param>
internal sealed record ColdSlice(double ReadyMilliseconds, IReadOnlyList<double> RequestsPerSecond, double ResidentMegabytes, double PeakMegabytes, long Errors);
