using System.Globalization;
using System.Net;
using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Clients;

/// <summary>Clients that stop reading: the upstream has to wait for them, and nobody else.</summary>
public sealed class SlowReaderTests(ITestOutputHelper output)
{
    private const int Readers = 50;
    private const long MiB = 1024 * 1024;
    private static readonly AnthropicMessage Message = AnthropicMessage.Saying("Hello.");

    // Between upstream and client the kernel may hold a send and a receive buffer for each of two connections; the processes themselves hold far less than a MiB.
    private static readonly long HeldByTheWire = (2 * (Largest("tcp_rmem") + Largest("tcp_wmem"))) + MiB;

    [Fact]
    public async Task ClientsThatStopReading_HoldTheirUpstreamsBack_AtABoundedCost()
    {
        await using var fleet = await Fleet.StartAsync(1);
        var endless = new EndlessStream();
        fleet.Upstream.Respond(request => request.Header(Client.KindHeader) == "endless" ? endless.Flooding() : Message.Blocking());
        using var client = new Client(fleet);
        await AskOftenAsync(client); // so that what is measured is not the start
        var before = fleet.Replicas[0].Sample();

        var open = await Task.WhenAll(Enumerable.Range(0, Readers).Select(_ => client.OpenAsync("endless")));
        await AskOftenAsync(client);
        var held = await WhenBlockedAsync(endless);
        var after = fleet.Replicas[0].Sample();
        output.WriteLine($"before: {before}; with {Readers} clients that do not read: {after}; written by the upstream for each: {held / Readers / 1024} KiB");
        Assert.True(after.Memory - before.Memory < Readers * MiB, "The bridge keeps what its clients do not read."); // measured: 220 KiB for each

        await Client.ReadAsync(open[0], (int)(held / Readers));
        await Eventually.TrueAsync(() => endless.Written > held, "the upstream of one that reads again goes on");
        Array.ForEach(open, reply => reply.Dispose());
        await fleet.WhenIdleAsync();
        await fleet.WhenRecordedAsync(Readers, "outcome = 'client_abort'");
    }

    private static async Task AskOftenAsync(Client client)
    {
        for (var i = 0; i < 200; i++)
        {
            Assert.Equal((HttpStatusCode.OK, Message.BlockingJson()), await client.AskAsync());
        }
    }

    /// <summary>Waits until no upstream has got rid of a byte for a while; how many bytes they have by then.</summary>
    private static async Task<long> WhenBlockedAsync(EndlessStream endless)
    {
        var (written, still) = (0L, 0);
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(200));
        for (var ticks = Timeouts.Default / timer.Period; still < 5; ticks--)
        {
            Assert.True(ticks > 0 && endless.Written <= Readers * HeldByTheWire, $"the upstreams write on and on: {endless.Written} bytes");
            await timer.WaitForNextTickAsync(Timeouts.Token);
            still = endless.Written == written ? still + 1 : 0;
            written = endless.Written;
        }

        return written;
    }

    private static long Largest(string setting) =>
        long.Parse(File.ReadAllText($"/proc/sys/net/ipv4/{setting}").Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[2], CultureInfo.InvariantCulture);
}
