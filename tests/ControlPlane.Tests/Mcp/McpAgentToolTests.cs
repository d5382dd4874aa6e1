using System.Text.Json.Nodes;
using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.Mcp;

public sealed class McpAgentToolTests
{
    [Fact]
    public async Task Assign_ReachesTheRunningAgent_AndIsWhatTheApiShows()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        var token = await bench.PutSubscriptionAsync("second");
        await using var admin = await McpOperator.ConnectAsync(bench.Host);
        bench.Engine.Calls.Forget();

        var reply = (await admin.CallAsync("assign_subscription", """{"agent": "a", "subscription": "second"}""")).IsDone();

        Assert.Equal(("hot_reloaded", "second"), (reply.Json["restart_result"]!.ToString(), reply.Json["agent"]!["auth"]!["subscription"]!.ToString()));
        Assert.Equal(token, bench.Engine.Agent("a").Credential.Token!.Reveal());
        Assert.Empty(bench.Engine.Calls.Changes);
        AssertSame((await bench.GetAsync("a")).Json, reply.Json["agent"]!);
        (await bench.Api.GetAsync(reply.Json["rollout"]!.ToString())).Is(200);
        Assert.Equal("admin", await bench.Database.ScalarAsync<string>("select actor from audit_events where action = 'agent.assign' and target = 'a'"));
    }

    [Theory]
    [InlineData("", "none")]
    [InlineData(""", "auth": "none" """, "none")]
    [InlineData(""", "auth": "api_key" """, "api_key")]
    public async Task Clear_TakesTheSubscriptionAway_AndIsWhatTheApiShows(string auth, string mode)
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        await using var admin = await McpOperator.ConnectAsync(bench.Host);

        var reply = (await admin.CallAsync("clear_agent_subscription", $$"""{"agent": "a"{{auth}}}""")).IsDone();

        Assert.Equal((mode, null), (reply.Json["agent"]!["auth"]!["mode"]!.ToString(), reply.Json["agent"]!["auth"]!["subscription"]?.ToString()));
        Assert.Null(bench.Engine.Agent("a").Credential.Token);
        AssertSame((await bench.GetAsync("a")).Json, reply.Json["agent"]!);
        (await bench.Api.GetAsync("subscriptions/first")).Is(200);
    }

    [Fact]
    public async Task GetAuth_IsWhatTheApiShows()
    {
        await using var bench = await AgentsBench.StartAsync();
        var id = (await bench.CreateAsync("a")).At("agent.id");
        await using var admin = await McpOperator.ConnectAsync(bench.Host);

        var byName = (await admin.CallAsync("get_agent_auth", """{"agent": "a"}""")).IsDone();
        var byId = (await admin.CallAsync("get_agent_auth", $$"""{"agent": "{{id}}"}""")).IsDone();

        AssertSame((await bench.Api.GetAsync("agents/a/auth")).Is(200).Json, byName.Json);
        AssertSame(byName.Json, byId.Json);
        Assert.Equal("first", byName.Json["subscription"]!.ToString());
    }

    [Theory]
    [InlineData("get_agent_auth", """{"agent": "nobody"}""", 404, "There is no agent 'nobody'.")]
    [InlineData("get_agent_auth", """{"agent": "No/Name"}""", 404, "There is no agent 'No/Name'.")]
    [InlineData("clear_agent_subscription", """{"agent": "nobody"}""", 404, "There is no agent 'nobody'.")]
    [InlineData("assign_subscription", """{"agent": "nobody", "subscription": "first"}""", 404, "There is no agent 'nobody'.")]
    [InlineData("assign_subscription", """{"agent": "a", "subscription": "nothing"}""", 400, "There is no subscription 'nothing'.")]
    public async Task Call_UnknownName_IsToldAsTheApiTellsIt(string tool, string arguments, int status, string detail)
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        await using var admin = await McpOperator.ConnectAsync(bench.Host);

        var reply = (await admin.CallAsync(tool, arguments)).IsProblem(status);

        Assert.Equal(detail, reply.Json["detail"]!.ToString());
        Assert.Equal(1, await bench.GenerationAsync("a"));
    }

    private static void AssertSame(JsonNode expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(expected, actual), $"Expected {expected.ToJsonString()}, got {actual.ToJsonString()}");
}
