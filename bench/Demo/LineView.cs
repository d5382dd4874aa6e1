using System.Globalization;

namespace Trinity.Bench.Demo;

/// <summary>For logs: a line when a key is proven out of use, in the order of the keys.</summary>
internal sealed class LineView(TextWriter output) : View
{
    private int _shown;

    protected override async Task DrawAsync(BoardState state)
    {
        for (; _shown + 1 < state.Keys.Count && state.Keys[_shown].SafeAfter is { } after; _shown++)
        {
            var (old, key) = (state.Keys[_shown], state.Keys[_shown + 1]);
            await output.WriteLineAsync(string.Create(
                CultureInfo.InvariantCulture,
                $"rotation {key.Number,3}: {old.Hint} -> {key.Hint}, applied in {key.AppliedMs:0} ms; {old.MostDraining} requests finished on the old key, which served {old.Requests}; safe to revoke after {after.TotalSeconds:0.0} s. Streams: {state.Open} open, {state.Finished} finished, {state.Failed} failed."));
        }
    }
}
