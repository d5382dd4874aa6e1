using System.Globalization;

namespace Trinity.Fault.Tests.Support;

/// <summary>Whether the long forms run: <c>TRINITY_LONG_TESTS=1</c>.</summary>
internal static class LongForm
{
    public static bool IsOn { get; } = Environment.GetEnvironmentVariable("TRINITY_LONG_TESTS") == "1";

    /// <summary>How long the long soak takes: <c>TRINITY_SOAK_MINUTES</c>.</summary>
    public static TimeSpan SoakTime { get; } =
        TimeSpan.FromMinutes(double.Parse(Environment.GetEnvironmentVariable("TRINITY_SOAK_MINUTES") ?? "20", CultureInfo.InvariantCulture));
}
