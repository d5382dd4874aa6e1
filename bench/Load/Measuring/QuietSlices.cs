using System.Globalization;

namespace Trinity.Bench.Load.Measuring;

/// <summary>A slice as <see cref="QuietSlices"/> needs to know it.</summary>
internal interface ISlice<TSelf>
{
    /// <summary>What the host kept of the processors' time meanwhile.</summary>
    double StolenPercent { get; }

    /// <summary>This slice, with what may not be forgotten of one that is dropped for it: its errors, and its peak memory.</summary>
    TSelf InsteadOf(TSelf dropped);
}

/// <summary>Measures a slice again when the host of a virtual machine kept much of the processors' time: such a slice says more of the host than of the peer. The quietest counts.</summary>
/// <param name="tries">At most, of one slice.</param>
/// <param name="progress">Is told of each repetition.</param>
internal sealed class QuietSlices(int tries, TextWriter progress)
{
    public const double MostStolenPercent = 5;

    /// <summary>How many slices were dropped for a quieter one, or measured in vain.</summary>
    public int Dropped { get; private set; }

    public async Task<TSlice> MeasureAsync<TSlice>(Func<Task<TSlice>> measure)
        where TSlice : ISlice<TSlice>
    {
        var quietest = await measure();
        for (var tried = 1; tried < tries && quietest.StolenPercent > MostStolenPercent; tried++)
        {
            await progress.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"the host kept {quietest.StolenPercent:0} % of the processors' time: once more"));
            var next = await measure();
            quietest = next.StolenPercent < quietest.StolenPercent ? next.InsteadOf(quietest) : quietest.InsteadOf(next);
            Dropped++;
        }

        return quietest;
    }
}
