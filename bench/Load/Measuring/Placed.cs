using System.Globalization;

namespace Trinity.Bench.Load.Measuring;

/// <summary>Commands that run on a core of their own.</summary>
internal static class Placed
{
    /// <param name="core">Null for all cores.</param>
    /// <param name="command">A program and its arguments.</param>
    public static string[] On(int? core, IReadOnlyList<string> command) =>
        core is { } number ? ["taskset", "-c", number.ToString(CultureInfo.InvariantCulture), .. command] : [.. command];
}
