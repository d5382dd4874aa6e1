using Trinity.Bench.Load;
using Trinity.Bench.Load.Peers;
using Trinity.Bench.Load.Reporting;
using Trinity.Bench.Load.Saturation;
using Trinity.Bench.Load.Upstream;

switch (args)
{
    case ["upstream", var address]:
        await UpstreamServer.RunAsync(address);
        return 0;
    case ["forwarder", var address, var upstream]:
        await BareForwarder.RunAsync(address, upstream);
        return 0;
    case ["run", ..]:
        return await RunAsync(args[1..]);
    default:
        await Console.Error.WriteLineAsync("This is run by ./trinity bench.");
        return 2;
}

static async Task<int> RunAsync(string[] arguments)
{
    ThreadPool.SetMinThreads(8, 8); // replies are read on the pool, on which rotations run too; on one core it would begin with one thread
    var named = arguments.Select(argument => argument.TrimStart('-').Split('=', 2)).ToDictionary(pair => pair[0], pair => pair.Length > 1 ? pair[1] : "", StringComparer.Ordinal);
    var places = BenchPlaces.Parse(named);
    var plan = named.GetValueOrDefault("plan") switch { "quick" => BenchPlan.Quick, "full" => BenchPlan.Full, _ => BenchPlan.Standard };
    var folder = Directory.CreateTempSubdirectory("trinity-bench-").FullName;
    try
    {
        using var http = new HttpClient(new SocketsHttpHandler { UseProxy = false });
        var rotation = new Rotation(http, places);
        var peers = PeerCatalog.Of(places, await rotation.SetUpAsync(), http);
        var run = new BenchRun(plan, rotation, peers, new SaturationMeter(folder, places.Cores?.Others), Console.Out);
        var results = await run.RunAsync(CancellationToken.None);
        var report = new BenchReport(results, plan, [.. peers.Select(peer => peer.Name)], await File.ReadAllTextAsync(named["machine-file"])).Write();
        await File.WriteAllTextAsync(named["report"], report);
        await Console.Out.WriteLineAsync(report);
        return 0;
    }
    finally
    {
        Directory.Delete(folder, recursive: true);
    }
}
