using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.OpenLoop;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Saturation;

namespace Trinity.Bench.Load.Reporting;

/// <summary>All slices of a run, by what was measured.</summary>
internal sealed class BenchResults
{
    private readonly Dictionary<(string Peer, Workload Workload), List<SaturationSlice>> _saturation = [];
    private readonly Dictionary<(string Peer, Workload Workload, string Rate), List<(OpenLoopSlice Slice, double ResidentMegabytes)>> _openLoop = [];

    public IReadOnlyList<double> AppliedMilliseconds { get; set; } = [];

    public IEnumerable<Workload> Saturated => _saturation.Keys.Select(key => key.Workload).Distinct();

    public IEnumerable<(Workload Workload, string Rate)> Rates => _openLoop.Keys.Select(key => (key.Workload, key.Rate)).Distinct();

    public long Errors => _saturation.Values.Sum(slices => slices.Sum(slice => slice.Errors)) + _openLoop.Values.Sum(slices => slices.Sum(slice => (long)slice.Slice.Errors));

    public void Add(Peer peer, Workload workload, SaturationSlice slice) => Of(_saturation, (peer.Name, workload)).Add(slice);

    public void Add(Peer peer, Workload workload, string rate, OpenLoopSlice slice, double residentMegabytes) => Of(_openLoop, (peer.Name, workload, rate)).Add((slice, residentMegabytes));

    public double MedianRate(string peer, Workload workload) => Saturation(peer, workload, slice => slice.RequestsPerSecond).Median;

    public Spread Saturation(string peer, Workload workload, Func<SaturationSlice, double> value) => Spread.Of(_saturation.GetValueOrDefault((peer, workload), []).Select(value));

    public Spread OpenLoop(string peer, Workload workload, string rate, Func<OpenLoopSlice, double> value) =>
        Spread.Of(_openLoop.GetValueOrDefault((peer, workload, rate), []).Select(entry => value(entry.Slice)));

    public Spread Resident(string peer, Workload workload, string rate) => Spread.Of(_openLoop.GetValueOrDefault((peer, workload, rate), []).Select(entry => entry.ResidentMegabytes));

    /// <summary>What the peer adds to the upstream's own time, from the medians of the rounds.</summary>
    public double Added(string peer, Workload workload, string rate, Func<OpenLoopSlice, double> value) =>
        OpenLoop(peer, workload, rate, value).Median - OpenLoop(Peer.Direct, workload, rate, value).Median;

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
