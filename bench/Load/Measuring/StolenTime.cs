using System.Globalization;

namespace Trinity.Bench.Load.Measuring;

/// <summary>What the host of a virtual machine has kept of its processors' time so far, and all that there was. From the first line of <c>/proc/stat</c>, see proc(5).</summary>
internal readonly record struct StolenTime(long Stolen, long All)
{
    private const int Steal = 7;
    private const int Kinds = 8; // user to steal; a guest's time is in that of the user already

    public static StolenTime Now() => Parse(File.ReadLines("/proc/stat").First());

    public static StolenTime Parse(string line)
    {
        var ticks = line.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1..(Kinds + 1)].Select(field => long.Parse(field, CultureInfo.InvariantCulture)).ToArray();
        return new StolenTime(ticks[Steal], ticks.Sum());
    }

    /// <summary>In percent of the time since; 0 when none has passed.</summary>
    public double PercentSince(StolenTime earlier) => All == earlier.All ? 0 : 100.0 * (Stolen - earlier.Stolen) / (All - earlier.All);
}
