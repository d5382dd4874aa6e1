using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Interceptions;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.Usage;

/// <summary>SB-12: what went over a subscription, booked to the token of each request.</summary>
public sealed class SubscriptionUsageViewTests
{
    [Fact]
    public async Task Usage_OfFiveHoursAndSevenDays_WithEachAgentsShare()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var token = Canaries.New("anthropic-oauth");
        (await host.Admin.PostAsync("subscriptions", $$"""{"name": "team", "token": "{{token}}"}""")).Is(201);
        var ours = CredentialFingerprint.Of(token);
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        foreach (var request in (RecordedRequest[])
        [
            new() { Agent = "small", Credential = ours, StartedAt = now.AddHours(-1), Tokens = [[10, 1, 0, 0, 0]] },
            new() { Agent = "large", Credential = ours, StartedAt = now.AddHours(-2), Tokens = [[1000, 100, 5, 7, 3]] },
            new() { Agent = "large", Credential = ours, StartedAt = now.AddHours(-6), Tokens = [[2000, 200, 0, 0, 0]] },
            new() { Agent = null, Credential = ours, StartedAt = now.AddDays(-6), Tokens = [] }, // its usage is not known
            new() { Agent = "large", Credential = ours, StartedAt = now.AddDays(-8), Tokens = [[9, 9, 9, 9, 9]] },
            new() { Agent = "large", Credential = "another", StartedAt = now.AddHours(-1), Tokens = [[9, 9, 9, 9, 9]] },
        ])
        {
            await request.InsertAsync(host);
        }

        var usage = (await host.Admin.GetAsync("subscriptions/team/usage")).Is(200);

        Assert.Equal("""{"requests":2,"input":1010,"output":101,"cache_read":5,"cache_write":7,"reasoning":3}""", usage.Json["window_5h"]!.ToJsonString());
        Assert.Equal("""{"requests":4,"input":3010,"output":301,"cache_read":5,"cache_write":7,"reasoning":3}""", usage.Json["window_7d"]!.ToJsonString());
        Assert.Equal(["large 2 3000", "small 1 10", " 1 0"], usage.Json["agents"]!.AsArray().Select(share => $"{share!["agent"]} {share["totals"]!["requests"]} {share["totals"]!["input"]}"));
    }

    [Fact] // turns in flight end on the old token, after the rollover: that is still the subscription's
    public async Task TokenRolledOver_WhatAgentsUsedOfTheOldOneCountsToo()
    {
        await using var bench = await AutoSwitch.SwitchBench.StartAsync(["team"]);
        await bench.AddAgentAsync("robot", "team");
        var old = bench.FingerprintOf("team");
        await bench.PutSubscriptionAsync("team");
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        await new RecordedRequest { Agent = "robot", Credential = old, StartedAt = now.AddMinutes(-1), Tokens = [[1, 1, 0, 0, 0]] }.InsertAsync(bench.Host);
        await new RecordedRequest { Agent = "robot", Credential = bench.FingerprintOf("team"), StartedAt = now, Tokens = [[2, 2, 0, 0, 0]] }.InsertAsync(bench.Host);

        Assert.Equal("3", (await bench.Host.Admin.GetAsync("subscriptions/team/usage")).Is(200).At("window_5h.input"));
        (await bench.Host.Admin.GetAsync("subscriptions/nobody/usage")).IsProblem(404);
    }
}
