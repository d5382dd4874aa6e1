using System.Globalization;
using Trinity.Bench.Load.Cold;
using Trinity.Bench.Load.OpenLoop;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Reporting;
using Trinity.Bench.Load.Saturation;

namespace Trinity.Bench.Load;

/// <summary>One run: what the plan's sections ask for, first with small bodies, then with large ones, at last on cold processes.</summary>
/// <remarks>What large bodies make a process keep shall not show in the memory that it uses for small ones.</remarks>
internal sealed class BenchRun(BenchPlan plan, IReadOnlyList<Peer> peers, SaturationRun saturation, OpenLoopRun openLoop, ColdRun cold)
{
    private const int LargestSmallBody = 10_000;

    public static Peer[] Shuffled(IReadOnlyList<Peer> peers)
    {
        var order = peers.ToArray();
        Random.Shared.Shuffle(order);
        return order;
    }

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        if (plan.Has(BenchSections.Saturated) || plan.Has(BenchSections.Half) || plan.Has(BenchSections.Rates) || plan.Has(BenchSections.Paced))
        {
            await WarmAsync(workload => workload.BodyBytes <= LargestSmallBody, cancellationToken);
            await WarmAsync(workload => workload.BodyBytes > LargestSmallBody, cancellationToken);
        }

        if (plan.Has(BenchSections.Cold))
        {
            await cold.RunAsync(cancellationToken);
        }
    }

    private async Task WarmAsync(Func<Workload, bool> chosen, CancellationToken cancellationToken)
    {
        var saturated = plan.Has(BenchSections.Saturated) ? plan.Saturated.Where(chosen).ToList() : [];
        var atHalf = plan.Has(BenchSections.Half) ? plan.AtHalf.Where(chosen).ToList() : [];
        var rates = plan.Has(BenchSections.Rates) && chosen(BenchPlan.Small) ? plan.Rates : [];
        var paced = plan.Has(BenchSections.Paced) && chosen(BenchPlan.Paced);

        await saturation.WarmUpAsync(peers, [.. saturated.Union(atHalf).Union(rates.Select(_ => BenchPlan.Small)).Union(paced ? [BenchPlan.Paced] : [])], cancellationToken);
        await saturation.RunAsync(peers, saturated, cancellationToken);
        foreach (var workload in atHalf)
        {
            var half = Math.Floor(await saturation.CapacityAsync(peers.Single(peer => peer.Name == Peer.Bridge), workload, cancellationToken) / 2);
            await openLoop.RunAsync(peers, workload, half, string.Create(CultureInfo.InvariantCulture, $"{BenchResults.HalfLabel} ({half:0}/s)"), cancellationToken);
        }

        foreach (var rate in rates)
        {
            await openLoop.RunAsync(peers, BenchPlan.Small, rate, string.Create(CultureInfo.InvariantCulture, $"{rate:0}/s"), cancellationToken);
        }

        if (paced)
        {
            await openLoop.RunAsync(peers, BenchPlan.Paced, plan.PacedPerSecond, string.Create(CultureInfo.InvariantCulture, $"{plan.PacedPerSecond:0} streams/s"), cancellationToken);
        }
    }
}
