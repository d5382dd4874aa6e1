using System.Globalization;

namespace Trinity.Bench.Load.Measuring;

/// <summary>What the host of a virtual machine has kept of each processor's time so far, and all that there was. From the lines of <c>/proc/stat</c>, see proc(5).</summary>
internal sealed record StolenTime(IReadOnlyList<(long Stolen, long All)> Processors)
{
    private const int Steal = 7;
    private const int Kinds = 8; // user to steal; a guest's time is in that of the user already

    public static StolenTime Now() => Parse(File.ReadLines("/proc/stat"));

    public static StolenTime Parse(IEnumerable<string> lines) =>
        new([.. lines.Where(line => line.StartsWith("cpu", StringComparison.Ordinal) && char.IsAsciiDigit(line[3])).Select(Processor)]);

    /// <summary>Of the processor of which most was kept, in percent of the time since; 0 when none has passed. Not of all together: where one is idle, and has nothing to be kept, the other's would look like half.</summary>
    public double PercentSince(StolenTime earlier) =>
        Processors.Zip(earlier.Processors, (now, then) => now.All == then.All ? 0 : 100.0 * (now.Stolen - then.Stolen) / (now.All - then.All)).DefaultIfEmpty().Max();

    private static (long Stolen, long All) Processor(string line)
    {
        var ticks = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..(Kinds + 1)].Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        return (ticks[Steal], ticks.Sum());
    }
}
