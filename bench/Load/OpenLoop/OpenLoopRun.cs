using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Reporting;
using Trinity.Bench.Load.Saturation;

namespace Trinity.Bench.Load.OpenLoop;

/// <summary>The rounds of one workload at one rate, on every peer that can follow it.</summary>
internal sealed class OpenLoopRun(BenchPlan plan, Rotation rotation, SaturationRun saturation, QuietSlices quiet, BenchResults results, TextWriter progress)
{
    /// <summary>Above this share of what a peer can do, it is its queue that is measured.</summary>
    private const double MostOfCapacity = 0.9;

    /// <param name="peers">All of the run.</param>
    /// <param name="workload">What is asked.</param>
    /// <param name="rate">Requests/s.</param>
    /// <param name="label">As the report calls the rate.</param>
    /// <param name="cancellationToken">The run's.</param>
    public async Task RunAsync(IReadOnlyList<Peer> peers, Workload workload, double rate, string label, CancellationToken cancellationToken)
    {
        var following = new List<Peer>();
        foreach (var peer in peers)
        {
            // How many paced streams a peer can carry is not asked: it shows while they are measured.
            if (workload.Reply != "paced" && rate > MostOfCapacity * await saturation.CapacityAsync(peer, workload, cancellationToken))
            {
                results.AddUnable(peer, workload, label);
                continue;
            }

            await OpenLoopMeter.MeasureAsync(peer, workload, new Schedule(rate, plan.LeadIn, plan.OpenLoopWarmUp), cancellationToken);
            following.Add(peer);
        }

        for (var round = 1; round <= plan.Rounds; round++)
        {
            foreach (var peer in BenchRun.Shuffled(following))
            {
                var slice = await rotation.DuringAsync(peer, workload, () => quiet.MeasureAsync(() => OpenLoopMeter.MeasureAsync(peer, workload, new Schedule(rate, plan.LeadIn, plan.Slice), cancellationToken)));
                cancellationToken.ThrowIfCancellationRequested();
                results.Add(peer, workload, label, slice);
                await progress.WriteLineAsync($"round {round}/{plan.Rounds}  {workload.Name}, {label}, {peer.Name}: p50 {slice.Percentiles.P50:0.00} ms, p99 {slice.Percentiles.P99:0.00} ms, {slice.Errors} errors {slice.FirstError}");
            }
        }
    }
}
