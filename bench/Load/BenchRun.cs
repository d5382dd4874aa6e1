using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.OpenLoop;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Reporting;
using Trinity.Bench.Load.Saturation;

namespace Trinity.Bench.Load;

/// <summary>One run: every workload on every peer, in rounds, the peers of a round in random order.</summary>
internal sealed class BenchRun(BenchPlan plan, Rotation rotation, IReadOnlyList<Peer> peers, SaturationMeter saturation, TextWriter progress)
{
    private static readonly string[] OpenLoopPeers = [Peer.Direct, Peer.Forwarder, Peer.Bridge, Peer.Rotating];

    private static readonly TimeSpan OpenLoopWarmUp = TimeSpan.FromSeconds(3);

    private readonly BenchResults _results = new();

    public async Task<BenchResults> RunAsync(CancellationToken cancellationToken)
    {
        await WarmUpAsync();
        await SaturateAsync();
        foreach (var workload in plan.AtHalf)
        {
            var half = Math.Floor(_results.MedianRate(Peer.Bridge, workload) / 2);
            await OpenLoopAsync(workload, half, $"half of saturation ({half:0}/s)", cancellationToken);
        }

        foreach (var rate in plan.Rates.Where(rate => rate < _results.MedianRate(Peer.Bridge, plan.AtHalf[0])))
        {
            await OpenLoopAsync(plan.AtHalf[0], rate, $"{rate:0}/s", cancellationToken);
        }

        if (plan.PacedPerSecond > 0)
        {
            await OpenLoopAsync(new Workload("messages", "paced", 10_000), plan.PacedPerSecond, $"{plan.PacedPerSecond:0} streams/s", cancellationToken);
        }

        _results.AppliedMilliseconds = rotation.AppliedMilliseconds;
        return _results;
    }

    // A JIT-compiled server is slow at first, and how slow is another question.
    private async Task WarmUpAsync()
    {
        foreach (var peer in peers.Where(peer => peer.Name != Peer.Rotating))
        {
            foreach (var workload in plan.Saturated)
            {
                await progress.WriteLineAsync($"warming up  {peer.Name}, {workload.Name}");
                await saturation.MeasureAsync(peer, workload, plan.WarmUp / plan.Saturated.Count);
            }
        }
    }

    private async Task SaturateAsync()
    {
        for (var round = 1; round <= plan.Rounds; round++)
        {
            foreach (var workload in plan.Saturated)
            {
                foreach (var peer in Shuffled(peers))
                {
                    var slice = await DuringAsync(peer, workload, () => saturation.MeasureAsync(peer, workload, plan.Slice));
                    _results.Add(peer, workload, slice);
                    await progress.WriteLineAsync($"round {round}/{plan.Rounds}  {workload.Name}, {peer.Name}: {slice.RequestsPerSecond:0}/s, {slice.CpuMicroseconds:0} µs, {slice.Errors} errors");
                }
            }
        }
    }

    private async Task OpenLoopAsync(Workload workload, double rate, string label, CancellationToken cancellationToken)
    {
        await OpenLoopMeter.MeasureAsync(peers[0], workload, rate, OpenLoopWarmUp, cancellationToken); // our own code is JIT-compiled too
        for (var round = 1; round <= plan.Rounds; round++)
        {
            foreach (var peer in Shuffled([.. peers.Where(peer => OpenLoopPeers.Contains(peer.Name))]))
            {
                var slice = await DuringAsync(peer, workload, () => OpenLoopMeter.MeasureAsync(peer, workload, rate, plan.Slice, cancellationToken));
                _results.Add(peer, workload, label, slice, ProcessSample.Of(peer.ProcessId).ResidentBytes / 1e6);
                await progress.WriteLineAsync($"round {round}/{plan.Rounds}  {workload.Name}, {label}, {peer.Name}: p50 {slice.P50:0.00} ms, p99 {slice.P99:0.00} ms, {slice.Errors} errors {slice.FirstError}");
            }
        }
    }

    private Task<T> DuringAsync<T>(Peer peer, Workload workload, Func<Task<T>> work) =>
        peer.Name == Peer.Rotating ? rotation.DuringAsync(workload.Provider, work) : work();

    private static Peer[] Shuffled(IReadOnlyList<Peer> peers)
    {
        var order = peers.ToArray();
        Random.Shared.Shuffle(order);
        return order;
    }
}
