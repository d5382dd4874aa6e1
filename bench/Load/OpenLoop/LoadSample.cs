namespace Trinity.Bench.Load.OpenLoop;

/// <summary>One request, in milliseconds from when it was due.</summary>
/// <param name="FirstContent">The first byte of content came.</param>
/// <param name="Last">The reply was complete.</param>
/// <param name="Status">HTTP status.</param>
/// <param name="ContentBytes">Length of the content.</param>
/// <param name="Gaps">Between two arrivals of content.</param>
internal sealed record LoadSample(double FirstContent, double Last, int Status, long ContentBytes, IReadOnlyList<double> Gaps);
