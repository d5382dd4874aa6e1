using System.Globalization;

namespace Trinity.Bench.Load.Measuring;

/// <summary>Commands that run on a core of their own.</summary>
internal static class Placed
{
    /// <param name="core">Null for all cores.</param>
    /// <param name="command">A program and its arguments.</param>
    public static string[] On(int? core, IReadOnlyList<string> command) =>
        core is { } number ? ["taskset", "-c", number.ToString(CultureInfo.InvariantCulture), .. command] : [.. command];

    /// <summary>The same, not with the real-time priority that whoever starts it may have.</summary>
    /// <inheritdoc cref="On"/>
    public static string[] WithoutPriority(int? core, IReadOnlyList<string> command) => core is null ? [.. command] : ["chrt", "--other", "0", .. On(core, command)];
}
