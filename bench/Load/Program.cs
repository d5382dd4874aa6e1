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
    default:
        await Console.Error.WriteLineAsync("This is run by ./trinity bench.");
        return 2;
}
