using System.Globalization;
using System.Text;

namespace Trinity.Bench.Demo.Agents;

/// <summary>Shows the board of agents: a table that is drawn in place on a terminal, a line per rotation elsewhere.</summary>
internal sealed class AgentView(TextWriter output, bool isTerminal)
{
    private const string ClearToLineEnd = "\e[K";
    private const string ClearBelow = "\e[J";
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(200);

    private int _drawn;

    /// <summary>Shows until the end, and then once more.</summary>
    public async Task ShowAsync(AgentBoard board, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            await DrawAsync(board.Look());
            await Task.Delay(Interval, ended).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await DrawAsync(board.Look());
    }

    private Task DrawAsync(AgentBoardState state) => isTerminal ? DrawTableAsync(state) : WriteLinesAsync(state);

    private async Task DrawTableAsync(AgentBoardState state)
    {
        var width = Math.Max(20, Console.WindowWidth);
        var text = new StringBuilder();
        if (_drawn > 0)
        {
            text.Append(CultureInfo.InvariantCulture, $"\e[{_drawn}F"); // back to the first line
        }

        var lines = Lines(state).ToList();
        foreach (var line in lines)
        {
            text.Append(line.Length < width ? line : line[..(width - 1)]).Append(ClearToLineEnd).Append('\n');
        }

        _drawn = lines.Count;
        await output.WriteAsync(text.Append(ClearBelow).ToString());
        await output.FlushAsync();
    }

    private async Task WriteLinesAsync(AgentBoardState state)
    {
        for (; _drawn + 1 < state.Tokens.Count && state.Tokens[_drawn] is { SafeAfter: { } safe } old && state.Tokens[_drawn + 1] is { AppliedAfter: { } applied } token; _drawn++)
        {
            await output.WriteLineAsync(Text(
                $"rotation {token.Number,3}: {old.Hint} -> {token.Hint}, every agent had it after {applied.TotalMilliseconds:0} ms; {old.TurnsAfterRotation} turns went on with the old token, and ended; safe to revoke after {safe.TotalSeconds:0.0} s. Containers: {(state.Agents.All(agent => agent.IsSame) ? "the same" : "OTHERS")}."));
        }
    }

    private static IEnumerable<string> Lines(AgentBoardState state)
    {
        var options = state.Options;
        yield return "";
        yield return Text($"{options.Rotations} rotations of a subscription's token under {AgentVerdict.AgentsOf(options)} with {AgentDemoOptions.TurnsPerAgent} turns of Claude Code each: {state.Elapsed.TotalSeconds:0} s");
        yield return "";
        yield return Text($"  turns  {state.Running,3} running  {state.Finished,4} finished");
        yield return "";
        yield return "  agent              container                     works with  running turns";
        foreach (var agent in state.Agents)
        {
            yield return Text($"  {agent.Name,-17}  {agent.Container,-12} {(agent.IsSame ? "(unchanged)" : "(ANOTHER)"),-16}  generation {agent.Generation,-3} {agent.Running}");
        }

        yield return "";
        yield return "  generation  token          requests  every agent after  turns after rotation  state";
        foreach (var token in state.Tokens)
        {
            yield return Text(
                $"  {token.Number + 1,10}  {token.Hint,-13}  {token.Requests,8}  {(token.AppliedAfter is { } after ? Text($"{after.TotalMilliseconds:0} ms") : "-"),17}  {(token.TurnsAfterRotation is { } turns ? Text($"{turns}") : "-"),20}  {StateOf(token)}");
        }

        yield return "";
    }

    private static string StateOf(TokenRow token) =>
        token.SafeAfter is { } after ? Text($"safe to revoke after {after.TotalSeconds:0.0} s")
        : token.TurnsAfterRotation is not null ? "draining"
        : token.AppliedAfter is null && token.Number > 0 ? "being brought to the agents"
        : "in use";

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
