using Trinity.Bench.Load.Cold;
using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.OpenLoop;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Saturation;

namespace Trinity.Bench.Load.Reporting;

/// <summary>All slices of a run, by what was measured. What was not measured is no number; what could not be, is infinite.</summary>
internal sealed class BenchResults
{
    public const string HalfLabel = "half of saturation";

    private readonly Dictionary<(string Peer, Workload Workload), List<SaturationSlice>> _saturation = [];
    private readonly Dictionary<(string Peer, Workload Workload, string Rate), List<OpenLoopSlice>> _openLoop = [];
    private readonly Dictionary<(string Process, ColdVariant Variant), List<ColdSlice>> _cold = [];

    public IReadOnlyList<double> AppliedMilliseconds { get; set; } = [];

    /// <summary>See <see cref="QuietSlices.Dropped"/>.</summary>
    public int SlicesDropped { get; set; }

    /// <summary>Records that the bridge did not write for want of room.</summary>
    public long RecordsDropped { get; set; }

    public IEnumerable<Workload> Saturated => _saturation.Keys.Select(key => key.Workload).Distinct();

    public IEnumerable<(Workload Workload, string Rate)> Rates => _openLoop.Keys.Select(key => (key.Workload, key.Rate)).Distinct();

    public IEnumerable<(string Process, ColdVariant Variant)> Cold => _cold.Keys;

    public void Add(Peer peer, Workload workload, SaturationSlice slice) => Of(_saturation, (peer.Name, workload)).Add(slice);

    public void Add(Peer peer, Workload workload, string rate, OpenLoopSlice slice) => Of(_openLoop, (peer.Name, workload, rate)).Add(slice);

    /// <summary>The peer was not asked: the rate is above what it can do.</summary>
    public void AddUnable(Peer peer, Workload workload, string rate) => Of(_openLoop, (peer.Name, workload, rate)).Add(new OpenLoopSlice([], 0, null, Followed: false));

    public void Add(string process, ColdVariant variant, ColdSlice slice) => Of(_cold, (process, variant)).Add(slice);

    public long Errors(string peer) =>
        _saturation.Where(cell => cell.Key.Peer == peer).Sum(cell => cell.Value.Sum(slice => slice.Errors))
        + _openLoop.Where(cell => cell.Key.Peer == peer).Sum(cell => cell.Value.Sum(slice => (long)slice.Errors))
        + _cold.Where(cell => cell.Key.Process == peer).Sum(cell => cell.Value.Sum(slice => slice.Errors));

    public double MedianRate(string peer, Workload workload) => Saturation(peer, workload, slice => slice.RequestsPerSecond).Median;

    public Spread Saturation(string peer, Workload workload, Func<SaturationSlice, double> value) => Spread.Of(_saturation.GetValueOrDefault((peer, workload), []).Select(value));

    public IReadOnlyList<OpenLoopSlice> OpenLoop(string peer, Workload workload, string rate) => _openLoop.GetValueOrDefault((peer, workload, rate), []);

    /// <summary>The median of the rounds', infinite when the peer could not follow in one of them.</summary>
    public double Percentile(string peer, Workload workload, string rate, Func<LatencyPercentiles, double> value)
    {
        var slices = OpenLoop(peer, workload, rate);
        return slices.All(slice => slice.Followed) ? Spread.Of(slices.Select(slice => value(slice.Percentiles))).Median : double.PositiveInfinity;
    }

    /// <summary>What the peer adds to the upstream's own time; infinite where either could not follow.</summary>
    public double Added(string peer, Workload workload, string rate, Func<LatencyPercentiles, double> value)
    {
        var own = Percentile(Peer.Direct, workload, rate, value);
        return double.IsInfinity(own) ? own : Percentile(peer, workload, rate, value) - own;
    }

    public IReadOnlyList<ColdSlice> ColdSlices(string process, ColdVariant variant) => _cold[(process, variant)];

    private static List<TValue> Of<TKey, TValue>(Dictionary<TKey, List<TValue>> lists, TKey key)
        where TKey : notnull
    {
        if (!lists.TryGetValue(key, out var list))
        {
            lists[key] = list = [];
        }

        return list;
    }
}
