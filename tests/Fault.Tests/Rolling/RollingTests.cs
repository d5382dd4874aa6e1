using System.Net;
using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Rolling;

/// <summary>Replicas come and go behind a load balancer that retries nothing.</summary>
public sealed class RollingTests(ITestOutputHelper output)
{
    private const int Clients = 100;
    private static readonly int Rounds = LongForm.IsOn ? 5 : 1;
    private static readonly TimeSpan StreamTime = TimeSpan.FromSeconds(3);

    [Fact]
    public async Task Replicas_RolledUnderLoadWithRotations_NoRequestFails()
    {
        await using var fleet = await Fleet.StartAsync(2, settings: ("ShutdownDelay", "00:00:01"));
        var load = new Load(fleet, StreamTime);
        fleet.Upstream.Respond(load.Answer);
        await using var balancer = await LoadBalancer.StartAsync([.. fleet.Replicas.Select(replica => replica.Url)]);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(Clients, [balancer.Url], stop.Token);
        var rotating = RotateAsync(fleet, stop.Token);

        for (var round = 0; round < Rounds; round++)
        {
            foreach (var replica in fleet.Replicas)
            {
                await replica.StopAsync();
                await replica.StartAsync();
                await Eventually.TrueAsync(() => balancer.Ready.Contains(replica.Url), "the load balancer sees it");
            }
        }

        await stop.CancelAsync();
        await running;
        output.WriteLine($"{load.Done} requests, {await rotating} rotations");
        Assert.Empty(load.Failures);
    }

    [Fact]
    public async Task Replica_Killed_BreaksItsOwnRequestsAloneAndIsLost()
    {
        await using var fleet = await Fleet.StartAsync(2);
        var gate = new FakeGate();
        var message = AnthropicMessage.Saying("A long answer.").Streaming();
        fleet.Upstream.Respond(_ => message.GatedBy(gate));
        gate.Release(2);
        using var client = LoopbackHttp.CreateClient();
        using var request = fleet.Request(fleet.Replicas[0].Url);
        using var other = fleet.Request(fleet.Replicas[1].Url);
        using var doomed = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);
        gate.Release(2);
        using var unharmed = await client.SendAsync(other, HttpCompletionOption.ResponseHeadersRead, Timeouts.Token);

        await fleet.Replicas[0].KillAsync();
        gate.Open();

        await Assert.ThrowsAnyAsync<HttpRequestException>(() => doomed.Content.ReadAsStringAsync(Timeouts.Token));
        Assert.Equal(HttpStatusCode.OK, unharmed.StatusCode);
        Assert.Equal(message.BodyText(), await unharmed.Content.ReadAsStringAsync(Timeouts.Token));
        await Eventually.TrueAsync(async () => await StatesAsync(fleet) is ["live", "lost"], "one replica is lost, the other lives");
        await fleet.Replicas[0].StartAsync();
        await Eventually.TrueAsync(async () => await StatesAsync(fleet) is ["live", "live"], "it is back under its old id");
    }

    private static async Task<string[]> StatesAsync(Fleet fleet) =>
        [.. (await fleet.ControlPlane.GetAsync("/api/v1/replicas")).GetProperty("items").EnumerateArray().Select(replica => replica.GetProperty("state").GetString()!).Order(StringComparer.Ordinal)];

    private static async Task<int> RotateAsync(Fleet fleet, CancellationToken stop)
    {
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(700));
        var rotations = 0;
        for (; !stop.IsCancellationRequested; rotations++)
        {
            await fleet.RotateAsync(wait: false);
            await timer.WaitForNextTickAsync(Timeouts.Token);
        }

        return rotations;
    }
}
