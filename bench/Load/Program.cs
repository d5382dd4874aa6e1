using System.Runtime.InteropServices;
using Trinity.Bench.Load;
using Trinity.Bench.Load.Peers;
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
    ThreadPool.SetMinThreads(8, 8); // what is not read on the sockets' thread runs on the pool; on one core it would begin with one thread
    var named = arguments.Select(argument => argument.TrimStart('-').Split('=', 2)).ToDictionary(pair => pair[0], pair => pair.Length > 1 ? pair[1] : "", StringComparer.Ordinal);
    using var end = new CancellationTokenSource();
    using var asked = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
    {
        context.Cancel = true; // what the run has started ends first
        end.Cancel();
    });
    try
    {
        await BenchComposition.RunAsync(named, Console.Out, end.Token);
        return 0;
    }
    catch (OperationCanceledException) when (end.IsCancellationRequested)
    {
        return 143;
    }
}
