using System.Diagnostics;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>A request of a slice.</summary>
/// <param name="Due">When it should be sent, as <see cref="Stopwatch.GetTimestamp"/>: waiting for a connection counts.</param>
/// <param name="Counts">Whether its times are a sample; an error always is one.</param>
internal readonly record struct DueRequest(long Due, bool Counts);
