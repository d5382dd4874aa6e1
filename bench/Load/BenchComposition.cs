using Trinity.Bench.Load.Cold;
using Trinity.Bench.Load.Measuring;
using Trinity.Bench.Load.OpenLoop;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Reporting;
using Trinity.Bench.Load.Saturation;

namespace Trinity.Bench.Load;

/// <summary>Puts a run together from the arguments of <c>eng/bench.sh</c>, runs it and writes its report.</summary>
internal static class BenchComposition
{
    public static async Task RunAsync(IReadOnlyDictionary<string, string> arguments, TextWriter output, CancellationToken cancellationToken)
    {
        var places = BenchPlaces.Parse(arguments);
        var plan = BenchPlan.Parse(arguments);
        var machine = await File.ReadAllTextAsync(arguments["machine-file"], cancellationToken);
        var folder = Directory.CreateTempSubdirectory("trinity-bench-").FullName;
        try
        {
            using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
            var rotation = new Rotation(http, places);
            var key = await rotation.SetUpAsync();
            IReadOnlyList<Peer> peers = [.. PeerCatalog.Of(places, key, http).Where(peer => plan.Measures(peer.Name))];
            var results = new BenchResults();
            var meter = new SaturationMeter(folder, places.Cores?.Others);
            var quiet = new QuietSlices(plan.Tries, output);
            var saturation = new SaturationRun(plan, rotation, meter, quiet, results, output);
            var openLoop = new OpenLoopRun(plan, rotation, saturation, quiet, results, output);
            var cold = new ColdRun(plan, places, ColdPrograms.Parse(arguments), (name, place) => PeerCatalog.Cold(name, place, key), meter, http, results, folder, output);
            if (plan.WarmUp > TimeSpan.Zero && plan.Sections != BenchSections.Cold)
            {
                await rotation.WarmUpAsync(BenchPlan.Small);
            }

            await new BenchRun(plan, peers, saturation, openLoop, cold).RunAsync(cancellationToken);
            results.SlicesDropped = quiet.Dropped;
            results.AppliedMilliseconds = rotation.AppliedMilliseconds;
            results.RecordsDropped = await BridgeCounters.ReadAsync(http, places.Bridge, BridgeCounters.RecordsDropped) ?? 0;
            var report = new BenchReport(results, plan, [.. peers.Select(peer => peer.Name)], machine).Write();
            await File.WriteAllTextAsync(arguments["report"], report, cancellationToken);
            await output.WriteLineAsync(report);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}
