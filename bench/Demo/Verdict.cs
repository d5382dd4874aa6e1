using System.Globalization;

namespace Trinity.Bench.Demo;

/// <summary>The demo's outcome in one line.</summary>
internal sealed record Verdict(bool Ok, string Text)
{
    public static Verdict Of(BoardState state, IReadOnlyList<string> failures) =>
        failures.Concat(Missing(state)).FirstOrDefault() is { } reason
            ? new Verdict(false, $"FAILED: {reason.ReplaceLineEndings(" ")}{(failures.Count > 1 ? $" (and {failures.Count - 1} more)" : "")}")
            : new Verdict(true, string.Create(
                CultureInfo.InvariantCulture,
                $"OK: {state.Rotations} rotations under {state.Options.Streams} streams: {state.Finished:N0} streams and {state.Requests:N0} requests finished, 0 failed, applied in {state.Median:0} ms (p99 {state.Slowest1Percent:0} ms), every old key proven out of use."));

    // A demo in which too little happened proves nothing, even if nothing failed.
    private static IEnumerable<string> Missing(BoardState state)
    {
        var (options, arrived) = (state.Options, state.Keys.Sum(key => key.Requests));
        if (state.Rotations != options.Rotations || state.Proven != options.Rotations)
        {
            yield return $"{state.Rotations} of {options.Rotations} rotations were applied, {state.Proven} old keys proven out of use";
        }

        if (state.Failed > 0 || state.Stopped > 0 || state.Open > 0 || state.Finished < options.Streams)
        {
            yield return $"{state.Finished} streams finished, {state.Failed} failed, {state.Stopped} were given up, {state.Open} are open";
        }

        if (arrived != state.Finished + state.Requests)
        {
            yield return $"{state.Finished + state.Requests} requests were answered, but the provider got {arrived}";
        }

        if (state.Keys.FirstOrDefault(key => key.Requests == 0) is { } unused)
        {
            yield return $"key {unused.Number} was never used";
        }

        if (state.Keys.All(key => key.MostDraining == 0))
        {
            yield return "no rotation met a request in flight";
        }
    }
}
