using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Trinity.ControlPlane.Rollouts;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Providers;

namespace Trinity.ControlPlane.Tests.Rollouts;

public sealed class WaitAppliedTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Fact]
    public async Task Wait_AnswersOnceEveryLiveReplicaApplied()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.AddReplicaAsync(generation: 1000);
        await host.AddReplicaAsync(generation: 0, live: false);
        var slow = await host.AddReplicaAsync(generation: 0);
        await host.Admin.CreateProviderAsync("main", Canaries.New("anthropic-key"));

        var pending = host.Admin.PatchAsync("providers/main?wait=applied&timeout=60s", """{"enabled": false}""");
        await Eventually.TrueAsync(async () => await host.Database.ScalarAsync<bool>("select not enabled from ai_providers"), "the write is committed while its reply waits");
        var revision = await host.RevisionAsync();
        Assert.False(pending.IsCompleted);
        await host.SetReplicaAsync(slow, $"generation = {revision}");

        var reply = (await pending).Is(200);
        Assert.Equal("true", reply.At("applied.complete"));
        Assert.Equal(revision.ToString(CultureInfo.InvariantCulture), reply.At("applied.generation"));
        Assert.Equal("2", reply.At("applied.replicas"));
        Assert.Equal("2", reply.At("applied.applied"));
        Assert.Equal("1", reply.At("applied.lost"));
        Assert.StartsWith($"generation={revision}, replicas=2, applied=2, lost=1, elapsed_ms=", reply.Header("Trinity-Applied"), StringComparison.Ordinal);
        Assert.EndsWith(", complete=true", reply.Header("Trinity-Applied"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wait_TimesOut_TheWriteStays()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.AddReplicaAsync(generation: 0);

        var reply = (await host.Admin.PostAsync("providers?wait=applied&timeout=1s", """{"name": "main", "type": "openai"}""")).Is(201);

        Assert.Equal("false", reply.At("applied.complete"));
        Assert.Equal("1", reply.At("applied.replicas"));
        Assert.Equal("0", reply.At("applied.applied"));
        Assert.True(reply.Json["applied"]!["elapsed_ms"]!.GetValue<double>() > 900); // a timer may be a little early by another clock
        (await host.Admin.GetAsync("providers/main")).Is(200);
    }

    [Fact]
    public async Task Wait_AllReplicasAreLost_IsNotComplete()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.AddReplicaAsync(generation: 1000, live: false);

        var reply = (await host.Admin.PostAsync("providers?wait=applied&timeout=1s", """{"name": "main", "type": "openai"}""")).Is(201);

        Assert.Equal(("false", "0", "1"), (reply.At("applied.complete"), reply.At("applied.replicas"), reply.At("applied.lost")));
    }

    [Fact]
    public async Task Wait_WithoutReplicas_IsCompleteAtOnce_OnEveryKindOfWrite()
    {
        await using var host = await ControlPlaneHost.StartAsync();

        ApiReply[] replies =
        [
            (await host.Admin.PostAsync("providers?wait=applied", $$"""{"name": "main", "type": "openai", "api_keys": ["{{Canaries.New("openai-key")}}"]}""")).Is(201),
            (await host.Admin.PostAsync("providers/main/rotate?wait=applied", $$"""{"api_key": "{{Canaries.New("openai-key")}}"}""")).Is(202),
            (await host.Admin.PatchAsync("providers/main?wait=applied", """{"enabled": false}""")).Is(200),
            (await host.Admin.DeleteAsync("providers/main?wait=applied")).Is(204),
            (await host.Admin.PostAsync("virtual-keys?wait=applied", """{"name": "ci"}""")).Is(201),
            (await host.Admin.PatchAsync("virtual-keys/ci?wait=applied", """{"limits": {"max_concurrent": 1}}""")).Is(200),
            (await host.Admin.DeleteAsync("virtual-keys/ci?wait=applied")).Is(204),
        ];

        Assert.All(replies, reply => Assert.EndsWith("complete=true", reply.Header("Trinity-Applied"), StringComparison.Ordinal));
        var generations = replies.Select(reply => long.Parse(reply.Header("Trinity-Generation")!, CultureInfo.InvariantCulture)).ToList();
        Assert.Equal(generations.Order(), generations);
        Assert.Equal(7, generations.Distinct().Count());
    }

    [Fact]
    public async Task Wait_NotAsked_IsNotReported()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.AddReplicaAsync(generation: 0);

        var reply = await host.Admin.CreateProviderAsync("main");

        Assert.Null(reply.Header("Trinity-Applied"));
        Assert.Null(reply.Json["applied"]);
        Assert.NotNull(reply.Header("Trinity-Generation"));
    }

    [Theory]
    [InlineData("wait=all", "wait")]
    [InlineData("wait=applied&timeout=0s", "timeout")]
    [InlineData("wait=applied&timeout=61s", "timeout")]
    [InlineData("wait=applied&timeout=10", "timeout")]
    [InlineData("wait=applied&timeout=-1s", "timeout")]
    [InlineData("wait=applied&timeout=s", "timeout")]
    [InlineData("wait=applied&wait=applied", "wait")]
    [InlineData("wiat=applied", "wiat")]
    public async Task Wait_BadParameter_WritesNothing(string query, string field)
    {
        var reply = (await shared.Admin.PostAsync($"providers?{query}", """{"name": "main", "type": "openai"}""")).IsProblem(400);

        Assert.NotEmpty(reply.ErrorsOf(field));
        Assert.Empty((await shared.Admin.GetAsync("providers")).Items);
    }

    [Fact]
    public async Task Wait_ControlPlaneStops_AnswersAtOnce()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.AddReplicaAsync(generation: 0);
        var wait = host.Services.GetRequiredService<FleetWatcher>().WaitAsync(generation: 1, TimeSpan.FromHours(1), Timeouts.Token);

        host.Services.GetRequiredService<IHostApplicationLifetime>().StopApplication();

        Assert.False((await wait).Complete);
    }

    [Fact]
    public async Task FleetWatcher_OnePollServesAllWaiters_AndEndsAtItsDeadline()
    {
        var clock = new ManualTimeProvider();
        await using var host = await ControlPlaneHost.StartAsync(time: clock);
        var replica = await host.AddReplicaAsync(generation: 5);
        var fleet = host.Services.GetRequiredService<FleetWatcher>();

        var waits = Enumerable.Range(4, 4).Select(generation => fleet.WaitAsync(generation, TimeSpan.FromSeconds(10), Timeouts.Token)).ToList();
        var reached = await Task.WhenAll(waits.Take(2));
        Assert.All(reached, report => Assert.True(report.Complete));

        await host.SetReplicaAsync(replica, "generation = 6");
        await fleet.PollOnceAsync(Timeouts.Token);
        Assert.True((await waits[2]).Complete);

        clock.Advance(TimeSpan.FromSeconds(10));
        var late = await waits[3];
        Assert.False(late.Complete);
        Assert.Equal(1, late.Replicas);
        Assert.Equal(10_000, late.ElapsedMs);
    }

    // A timer that runs on would wake an idle control plane fifty times a second.
    [Fact]
    public async Task FleetWatcher_NobodyWaitsAnyMore_SetsNoTimer()
    {
        var clock = new ManualTimeProvider();
        await using var host = await ControlPlaneHost.StartAsync();
        await host.AddReplicaAsync(generation: 5);
        using var fleet = ActivatorUtilities.CreateInstance<FleetWatcher>(host.Services, clock);
        await fleet.StartAsync(CancellationToken.None); // whose token would end the service with its own limit

        Assert.True((await fleet.WaitAsync(generation: 5, TimeSpan.FromSeconds(10), Timeouts.Token)).Complete);

        var looks = 0; // in a row at which there was none; between them, whatever had begun before the wait was over goes on
        await Eventually.TrueAsync(() =>
        {
            looks = clock.ArmedTimers == 0 ? looks + 1 : 0;
            clock.Advance(TimeSpan.FromSeconds(1));
            return looks == 10;
        }, "no timer is left, and none is set anew");
        await fleet.StopAsync(Timeouts.Token);
    }
}
