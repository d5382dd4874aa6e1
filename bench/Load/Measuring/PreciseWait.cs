using System.Diagnostics;
using System.Runtime.InteropServices;

namespace Trinity.Bench.Load.Measuring;

/// <summary>Waits until a moment to within some ten microseconds, without spinning: .NET's own timers count in milliseconds.</summary>
internal static class PreciseWait
{
    private static readonly double NanosecondsPerTick = 1e9 / Stopwatch.Frequency;

    /// <param name="timestamp">As <see cref="Stopwatch.GetTimestamp"/>; returns at once when it has passed.</param>
    public static void Until(long timestamp)
    {
        var nanoseconds = (long)((timestamp - Stopwatch.GetTimestamp()) * NanosecondsPerTick);
        if (nanoseconds > 0)
        {
            var time = new TimeSpec(nanoseconds / 1_000_000_000, nanoseconds % 1_000_000_000);
            _ = NanoSleep(in time, IntPtr.Zero); // cut short by a signal, it returns early, which the next wait makes up for
        }
    }

    [DllImport("libc", EntryPoint = "nanosleep")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int NanoSleep(in TimeSpec time, IntPtr remaining);

    [StructLayout(LayoutKind.Sequential)]
    private readonly struct TimeSpec(long seconds, long nanoseconds)
    {
        public readonly long Seconds = seconds;
        public readonly long Nanoseconds = nanoseconds;
    }
}
