using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Rolling;

/// <summary>A replica that has one processor begins with one thread in its pool: whatever waited there would hold up every request.</summary>
public sealed class OneProcessorTests
{
    private const int Clients = 40;

    [Fact]
    public async Task RotationsUnderLoad_OnOneProcessor_FailNothing()
    {
        await using var fleet = await Fleet.StartAsync(1, settings: ("DOTNET_PROCESSOR_COUNT", "1"));
        Assert.Contains("Requests run on the thread that reads the sockets.", fleet.Replicas[0].Logs, StringComparison.Ordinal); // whatever program it is
        var load = new Load(fleet, TimeSpan.FromSeconds(2));
        fleet.Upstream.Respond(load.Answer);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(Clients, [fleet.Replicas[0].Url], stop.Token);
        for (var rotation = 0; rotation < 10; rotation++)
        {
            var sinceThen = load.Done;
            var rollout = await fleet.RotateAsync();
            Assert.True(rollout.GetProperty("applied").GetProperty("complete").GetBoolean());
            await Eventually.TrueAsync(() => load.Done > sinceThen + Clients, "the load goes on");
        }

        await stop.CancelAsync();
        await running;
        Assert.Empty(load.Failures);
        await fleet.WhenIdleAsync();
        await fleet.WhenRecordedAsync(load.Done, "outcome = 'completed'");
        await fleet.Replicas[0].StopAsync();
    }
}
