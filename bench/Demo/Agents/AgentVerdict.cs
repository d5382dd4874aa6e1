using System.Globalization;

namespace Trinity.Bench.Demo.Agents;

/// <summary>The outcome of the demo of agents in one line.</summary>
internal static class AgentVerdict
{
    public static Verdict Of(AgentBoardState state, IReadOnlyList<string> failures) =>
        failures.Concat(Missing(state)).FirstOrDefault() is { } reason
            ? new Verdict(false, $"FAILED: {reason.ReplaceLineEndings(" ")}{(failures.Count > 1 ? $" (and {failures.Count - 1} more)" : "")}")
            : new Verdict(true, string.Create(
                CultureInfo.InvariantCulture,
                $"OK: {state.Options.Rotations} rotations under {AgentsOf(state.Options)}: {state.Finished} turns finished on the token they were begun with, 0 failed, every agent had a new token within {Slowest(state).TotalMilliseconds:0} ms, no container was restarted, every old token proven out of use."));

    public static string AgentsOf(AgentDemoOptions options) => options.Agents == 1 ? "1 agent" : string.Create(CultureInfo.InvariantCulture, $"{options.Agents} agents");

    private static TimeSpan Slowest(AgentBoardState state) => state.Tokens.Max(token => token.AppliedAfter ?? TimeSpan.Zero);

    // A demo in which too little happened proves nothing, even if nothing failed.
    private static IEnumerable<string> Missing(AgentBoardState state)
    {
        var options = state.Options;
        var (turnsPerToken, tokens) = (options.Agents * AgentDemoOptions.TurnsPerAgent, options.Rotations + 1);
        if (state.Running > 0 || state.Finished != turnsPerToken * tokens)
        {
            yield return $"{state.Finished} of {turnsPerToken * tokens} turns finished, {state.Running} run";
        }

        if (state.Tokens.Count(token => token.SafeAfter is not null) != options.Rotations)
        {
            yield return $"{state.Tokens.Count(token => token.SafeAfter is not null)} of {options.Rotations} old tokens were proven out of use";
        }

        if (state.Tokens.FirstOrDefault(token => token.Requests != turnsPerToken * Turn.Requests) is { } odd)
        {
            yield return $"the provider got {odd.Requests} requests with token {odd.Number} instead of {turnsPerToken * Turn.Requests}";
        }

        if (state.Tokens.FirstOrDefault(token => token.Number < options.Rotations && token.TurnsAfterRotation != turnsPerToken) is { } quiet)
        {
            yield return $"{quiet.TurnsAfterRotation ?? 0} turns instead of {turnsPerToken} ran on token {quiet.Number} when it was rotated away";
        }

        if (state.Agents.FirstOrDefault(agent => !agent.IsSame) is { } other)
        {
            yield return $"agent {other.Name} has another container than it began with";
        }
    }
}
