namespace Trinity.Bench.Load.OpenLoop;

/// <summary>When the requests of a slice are due: first a lead-in, in which the rate grows evenly from nothing and nothing is counted, then the slice at its rate.</summary>
/// <remarks>Without it, what is measured is how a peer begins: it opens connections to the upstream as it needs them.</remarks>
internal sealed class Schedule(double perSecond, TimeSpan leadIn, TimeSpan slice)
{
    private readonly int _leadIn = (int)(perSecond * leadIn.TotalSeconds / 2);

    /// <summary>Of requests, the lead-in's included.</summary>
    public int Count => _leadIn + Math.Max(1, (int)(perSecond * slice.TotalSeconds));

    public bool Counts(int request) => request >= _leadIn;

    /// <summary>From the start.</summary>
    public TimeSpan Due(int request) =>
        Counts(request) ? leadIn + TimeSpan.FromSeconds((request - _leadIn) / perSecond) : leadIn * Math.Sqrt((double)request / _leadIn);
}
