using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Reporting;

namespace Trinity.Bench.Load.Saturation;

/// <summary>The rounds of some workloads at the peers' limit.</summary>
internal sealed class SaturationRun(BenchPlan plan, Rotation rotation, SaturationMeter meter, QuietSlices quiet, BenchResults results, TextWriter progress)
{
    private const int FirstWarmUps = 4; // what the first workload has compiled and counted serves the others too

    private readonly Dictionary<(string Peer, Workload Workload), double> _probes = [];

    /// <summary>A JIT-compiled server is slow at first; how slow is what the cold section measures.</summary>
    public async Task WarmUpAsync(IReadOnlyList<Peer> peers, IReadOnlyList<Workload> workloads, CancellationToken cancellationToken)
    {
        if (plan.WarmUp == TimeSpan.Zero)
        {
            return;
        }

        foreach (var peer in peers.Where(peer => peer.Name != Peer.Rotating))
        {
            foreach (var workload in workloads)
            {
                await progress.WriteLineAsync($"warming up  {peer.Name}, {workload.Name}");
                await meter.MeasureAsync(peer, workload, workload == workloads[0] ? plan.WarmUp * FirstWarmUps : plan.WarmUp, cancellationToken);
            }
        }
    }

    public async Task RunAsync(IReadOnlyList<Peer> peers, IReadOnlyList<Workload> workloads, CancellationToken cancellationToken)
    {
        for (var round = 1; round <= plan.Rounds; round++)
        {
            foreach (var workload in workloads)
            {
                foreach (var peer in BenchRun.Shuffled(peers))
                {
                    var slice = await rotation.DuringAsync(peer, workload, () => quiet.MeasureAsync(() => meter.MeasureAsync(peer, workload, plan.Slice, cancellationToken)));
                    results.Add(peer, workload, slice);
                    await progress.WriteLineAsync($"round {round}/{plan.Rounds}  {workload.Name}, {peer.Name}: {slice.RequestsPerSecond:0}/s, {slice.CpuMicroseconds:0} µs, {slice.Errors} errors");
                }
            }
        }
    }

    /// <summary>Requests/s of a peer at its limit: as measured, or by a slice for this alone where the run has not measured it.</summary>
    public async Task<double> CapacityAsync(Peer peer, Workload workload, CancellationToken cancellationToken)
    {
        var name = peer.Name == Peer.Rotating ? Peer.Bridge : peer.Name; // the same process: what rotations cost shows in its times
        var measured = results.MedianRate(name, workload);
        if (!double.IsNaN(measured))
        {
            return measured;
        }

        if (!_probes.TryGetValue((name, workload), out var probed))
        {
            await progress.WriteLineAsync($"how much can {name} do?  {workload.Name}");
            _probes[(name, workload)] = probed = (await quiet.MeasureAsync(() => meter.MeasureAsync(peer, workload, plan.Slice, cancellationToken))).RequestsPerSecond;
        }

        return probed;
    }
}
