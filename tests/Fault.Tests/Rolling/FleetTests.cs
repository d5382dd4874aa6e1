using Trinity.Fault.Tests.Reload;
using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Rolling;

/// <summary>Three replicas on one database: how soon a change is everywhere, and when an old key may be revoked.</summary>
public sealed class FleetTests(ITestOutputHelper output)
{
    private const int Replicas = 3;
    private static readonly int Rotations = LongForm.IsOn ? 20 : 3;

    [Fact]
    public async Task Changes_OnThreeReplicas_AreAppliedEverywhereAtOnce()
    {
        await using var fleet = await Fleet.StartAsync(Replicas);
        var times = new List<double>();
        for (var i = 0; i < 200; i++)
        {
            var applied = (await fleet.RotateAsync()).GetProperty("applied");
            Assert.Equal((Replicas, Replicas, true), (applied.GetProperty("replicas").GetInt32(), applied.GetProperty("applied").GetInt32(), applied.GetProperty("complete").GetBoolean()));
            times.Add(await fleet.CommitToAppliedMsAsync());
        }

        times.Sort();
        output.WriteLine($"commit to applied on the slowest of three: p50 {times[100]:0} ms, p99 {times[197]:0} ms, longest {times[^1]:0} ms");
        Assert.InRange(times[197], 0, 250);
    }

    [Fact]
    public async Task Changes_WithoutNotifications_AreAppliedEverywhereWithinASecond()
    {
        await using var fleet = await Fleet.StartAsync(Replicas);
        await fleet.Database.ExecuteAsync(Notifications.Lose);
        for (var i = 0; i < 10; i++)
        {
            await fleet.RotateAsync();
            Assert.InRange(await fleet.CommitToAppliedMsAsync(), 0, 1000);
        }
    }

    // The upstream runs in this process: at the moment the answer is here, what it has seen is the truth.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task SafeToRevoke_UnderLoad_IsNeverSaidWhileTheOldKeyIsInUse(bool losesNotifications)
    {
        await using var fleet = await Fleet.StartAsync(Replicas);
        if (losesNotifications)
        {
            await fleet.Database.ExecuteAsync(Notifications.Lose);
        }

        var load = new Load(fleet, TimeSpan.FromSeconds(3));
        fleet.Upstream.Respond(load.Answer);
        using var stop = new CancellationTokenSource();
        var running = load.RunAsync(30, [.. fleet.Replicas.Select(replica => replica.Url)], stop.Token);
        for (var rotation = 0; rotation < Rotations; rotation++)
        {
            var old = Fleet.KeyOf(rotation);
            await Eventually.TrueAsync(() => fleet.Upstream.Requests.Count(request => request.Key == old && !request.Completed.IsCompleted) >= 6, "the old key is in use");
            var id = (await fleet.RotateAsync(wait: false)).GetProperty("id").GetString();
            var polls = 0;
            await Eventually.TrueAsync(async () => ++polls > 0 && (await fleet.ControlPlane.GetAsync($"/api/v1/rollouts/{id}")).GetProperty("safe_to_revoke").GetBoolean(), "the old key is safe to revoke");

            var seen = fleet.Upstream.Requests.Where(request => request.Key == old).ToList();
            Assert.DoesNotContain(seen, request => !request.Completed.IsCompleted);
            var sinceThen = load.Done;
            await Eventually.TrueAsync(() => load.Done > sinceThen + 60, "the load goes on");
            Assert.Equal(seen.Count, fleet.Upstream.Requests.Count(request => request.Key == old));
            output.WriteLine($"{seen.Count} requests had key {rotation}; safe after {polls} polls");
            Assert.True(polls > 1, "it was safe before any stream could have ended");
        }

        await stop.CancelAsync();
        await running;
        Assert.Empty(load.Failures);
    }
}
