using System.Globalization;

namespace Trinity.Bench.Load.Measuring;

/// <summary>A slice as <see cref="QuietSlices"/> needs to know it.</summary>
internal interface ISlice<TSelf>
{
    /// <summary>What the host kept meanwhile, see <see cref="StolenTime.PercentSince"/>.</summary>
    double StolenPercent { get; }

    /// <summary>False when it was broken off.</summary>
    bool Followed { get; }

    /// <summary>This slice, with what may not be forgotten of one that is dropped for it: its errors, and its peak memory.</summary>
    TSelf InsteadOf(TSelf dropped);
}

/// <summary>Measures a slice again when the host of a virtual machine kept much of a processor's time: such a slice says more of the host than of the peer. The quietest counts, of those that were not broken off.</summary>
/// <param name="tries">At most, of one slice.</param>
/// <param name="progress">Is told of each repetition.</param>
internal sealed class QuietSlices(int tries, TextWriter progress)
{
    public const double MostStolenPercent = 10;

    /// <summary>How many slices were dropped for a quieter one, or measured in vain.</summary>
    public int Dropped { get; private set; }

    public async Task<TSlice> MeasureAsync<TSlice>(Func<Task<TSlice>> measure)
        where TSlice : ISlice<TSlice>
    {
        var quietest = await measure();
        for (var tried = 1; tried < tries && quietest.StolenPercent > MostStolenPercent; tried++)
        {
            await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"the host kept {quietest.StolenPercent:0} % of a processor's time: once more"));
            var next = await measure();
            quietest = (next.Followed, -next.StolenPercent).CompareTo((quietest.Followed, -quietest.StolenPercent)) > 0 ? next.InsteadOf(quietest) : quietest.InsteadOf(next);
            Dropped++;
        }

        return quietest;
    }
}
