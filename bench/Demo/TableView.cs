using System.Globalization;
using System.Text;

namespace Trinity.Bench.Demo;

/// <summary>For terminals: a table that is drawn over itself, no larger than the window.</summary>
internal sealed class TableView(TextWriter output) : View
{
    private const string ClearToLineEnd = "\e[K";
    private const string ClearBelow = "\e[J";
    private const int LinesAroundKeys = 11;
    private const int FewestKeys = 3;

    private int _drawn;

    protected override async Task DrawAsync(BoardState state)
    {
        var (width, height) = (Math.Max(20, Console.WindowWidth), Console.WindowHeight);
        var lines = Lines(state, Math.Max(FewestKeys, height - LinesAroundKeys)).ToList();
        var text = new StringBuilder();
        if (_drawn > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\e[{_drawn}F"); // back to the first line
        }

        foreach (var line in lines)
        {
            text.Append(line.Length < width ? line : line[..(width - 1)]).Append(ClearToLineEnd).Append('\n');
        }

        _drawn = lines.Count;
        await output.WriteAsync(text.Append(ClearBelow).ToString());
        await output.FlushAsync();
    }

    private static IEnumerable<string> Lines(BoardState state, int mostKeys)
    {
        var options = state.Options;
        yield return "";
        yield return Text($"{options.Rotations} rotations under {options.Streams} streams through {options.Bridges.Count} {(options.Bridges.Count == 1 ? "bridge" : "bridges")}: {state.Elapsed.TotalSeconds:0} s");
        yield return "";
        yield return Text($"  streams    {state.Open,6:N0} open  {state.Finished,8:N0} finished  {state.Failed,6:N0} failed");
        yield return Text($"  requests   {"",11}  {state.Requests,8:N0} finished");
        yield return Text($"  rotations  {state.Rotations,6:N0} applied  p50 {state.Median:0} ms, p99 {state.Slowest1Percent:0} ms; {state.Proven} old keys safe to revoke");
        yield return "";
        yield return "  key  hint           requests  applied in  draining  state";
        foreach (var key in state.Keys.Skip(Math.Max(0, state.Keys.Count - mostKeys)))
        {
            yield return Text($"  {key.Number,3}  {key.Hint,-13}  {key.Requests,8:N0}  {(key.AppliedMs is { } ms ? Text($"{ms:0} ms") : "-"),10}  {(key.Retired ? Text($"{key.Draining}") : "-"),8}  {StateOf(key)}");
        }

        yield return "";
    }

    private static string StateOf(KeyRow key) =>
        key.SafeAfter is { } after ? Text($"safe to revoke after {after.TotalSeconds:0.0} s")
        : key.Retired ? "draining"
        : key.AppliedMs is null && key.Number > 0 ? "being applied"
        : "in use";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
