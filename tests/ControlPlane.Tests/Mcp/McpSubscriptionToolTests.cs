using System.Text.Json.Nodes;
using Trinity.ControlPlane.Tests.Agents.Support;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.Mcp;

public sealed class McpSubscriptionToolTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Fact]
    public async Task Register_New_IsWhatTheApiShows_AndAuditedUnderTheOperatorsName()
    {
        var (admin, operatorName) = await McpOperator.ConnectAsAsync(shared.Host, "admin");
        await using var _ = admin;
        var (name, token) = (SharedHost.NewName(), Canaries.New("anthropic-oauth"));

        var reply = (await admin.CallAsync("register_subscription", $$"""{"name": "{{name}}", "token": "{{token}}", "type": "max", "tier": "20x", "soft_ceiling_percent": 70}""")).IsDone();

        var shown = (await shared.Admin.GetAsync($"subscriptions/{name}")).Is(200).Json;
        Assert.Equal("[]", TakeOut(reply.Json, "warnings")); // which the API, too, tells only once
        foreach (var time in (string[])["created_at", "updated_at"])
        {
            Assert.StartsWith(TakeOut(shown, time).TrimEnd('Z'), TakeOut(reply.Json, time), StringComparison.Ordinal); // the database keeps a digit less
        }

        AssertSame(shown, reply.Json);
        Assert.Equal(("max", "20x", "70"), (reply.Json["type"]!.ToString(), reply.Json["tier"]!.ToString(), reply.Json["soft_ceiling_percent"]!.ToString()));
        Assert.Equal(CredentialFingerprint.Of(token), reply.Json["fingerprint"]!.ToString());
        Assert.Equal(operatorName, await shared.Host.Database.ScalarAsync<string>($"select actor from audit_events where action = 'subscription.create' and target = '{name}'"));
    }

    [Fact]
    public async Task Register_ExistingName_RollsOver_AndItsAgentsGetTheToken()
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        await using var admin = await McpOperator.ConnectAsync(bench.Host);
        var token = Canaries.New("anthropic-oauth");

        var reply = (await admin.CallAsync("register_subscription", $$"""{"name": "first", "token": "{{token}}"}""")).IsDone();
        await bench.LookAsync();

        Assert.Equal("2", reply.Json["token_generation"]!.ToString());
        Assert.Equal("a", reply.Json["rollout"]!["agents"]![0]!["agent"]!.ToString());
        Assert.Equal(token, bench.Engine.Agent("a").Credential.Token!.Reveal());
        Assert.Equal("true", (await bench.Api.GetAsync($"rollouts/{reply.Json["rollout"]!["id"]}")).Is(200).At("agents[0].applied"));
    }

    [Fact]
    public async Task List_IsWhatTheApiShows()
    {
        await using var admin = await McpOperator.ConnectAsync(shared.Host);
        (await shared.Admin.PostAsync("subscriptions", $$"""{"name": "{{SharedHost.NewName()}}", "token": "{{Canaries.New("anthropic-oauth")}}"}""")).Is(201);

        var reply = (await admin.CallAsync("list_subscriptions")).IsDone();

        Assert.NotEmpty(reply.Json["items"]!.AsArray());
        AssertSame((await shared.Admin.GetAsync("subscriptions")).Is(200).Json, reply.Json);
    }

    [Theory]
    [InlineData("name")]
    [InlineData("id")]
    public async Task Delete_TakesTheTokenOutOfItsAgents(string by)
    {
        await using var bench = await AgentsBench.StartAsync();
        await bench.CreateAsync("a");
        var id = (await bench.Api.GetAsync("subscriptions/first")).At("id");
        await using var admin = await McpOperator.ConnectAsync(bench.Host);

        var reply = (await admin.CallAsync("delete_subscription", $$"""{"name": "{{(by == "id" ? id : "first")}}"}""")).IsDone();
        await bench.LookAsync();

        Assert.Equal(id, reply.Json["id"]!.ToString());
        Assert.Equal("a", reply.Json["rollout"]!["agents"]![0]!["agent"]!.ToString());
        (await bench.Api.GetAsync("subscriptions/first")).IsProblem(404);
        Assert.Null(bench.Engine.Agent("a").Credential.Token);
        Assert.Contains(await bench.Host.AuditAsync(), line => line.StartsWith("subscription.delete first ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Delete_WithoutAgents_HasNoRollout()
    {
        await using var admin = await McpOperator.ConnectAsync(shared.Host);
        var name = SharedHost.NewName();
        (await shared.Admin.PostAsync("subscriptions", $$"""{"name": "{{name}}", "token": "{{Canaries.New("anthropic-oauth")}}"}""")).Is(201);

        var reply = (await admin.CallAsync("delete_subscription", $$"""{"name": "{{name}}"}""")).IsDone();

        Assert.Null(reply.Json["rollout"]);
        var again = (await admin.CallAsync("delete_subscription", $$"""{"name": "{{name}}"}""")).IsProblem(404);
        Assert.Equal($"Not found: There is no subscription '{name}'.", again.Text);
    }

    [Theory]
    [InlineData("register_subscription", "name", """{"token": "sk-ant-oat01-0123456789"}""")]
    [InlineData("register_subscription", "name", """{"name": "a/b", "token": "sk-ant-oat01-0123456789"}""")]
    [InlineData("register_subscription", "name", """{"name": 7, "token": "sk-ant-oat01-0123456789"}""")]
    [InlineData("register_subscription", "token", """{"name": "a"}""")]
    [InlineData("register_subscription", "token", """{"name": "a", "token": ""}""")]
    [InlineData("register_subscription", "token", """{"name": "a", "token": "sk-ant-oat01-01234 56789"}""")]
    [InlineData("register_subscription", "token", """{"name": "a", "token": {"token": "sk-ant-oat01-0123456789"}}""")]
    [InlineData("register_subscription", "type", """{"name": "a", "token": "sk-ant-oat01-0123456789", "type": ["max"]}""")]
    [InlineData("register_subscription", "tier", """{"name": "a", "token": "sk-ant-oat01-0123456789", "tier": 5}""")]
    [InlineData("register_subscription", "soft_ceiling_percent", """{"name": "a", "token": "sk-ant-oat01-0123456789", "soft_ceiling_percent": "80"}""")]
    [InlineData("register_subscription", "soft_ceiling_percent", """{"name": "a", "token": "sk-ant-oat01-0123456789", "soft_ceiling_percent": 0}""")]
    [InlineData("register_subscription", "owner", """{"name": "a", "token": "sk-ant-oat01-0123456789", "owner": "me"}""")]
    [InlineData("list_subscriptions", "all", """{"all": true}""")]
    [InlineData("delete_subscription", "name", "{}")]
    [InlineData("delete_subscription", "name", """{"name": null}""")]
    [InlineData("delete_subscription", "force", """{"name": "a", "force": true}""")]
    [InlineData("assign_subscription", "agent", """{"subscription": "a"}""")]
    [InlineData("assign_subscription", "agent", """{"agent": 7, "subscription": "a"}""")]
    [InlineData("assign_subscription", "subscription", """{"agent": "a"}""")]
    [InlineData("assign_subscription", "Agent", """{"Agent": "a", "subscription": "a"}""")]
    [InlineData("clear_agent_subscription", "agent", "{}")]
    [InlineData("clear_agent_subscription", "auth", """{"agent": "a", "auth": "subscription"}""")]
    [InlineData("clear_agent_subscription", "subscription", """{"agent": "a", "subscription": "a"}""")]
    [InlineData("get_agent_auth", "agent", """{"agent": ["a"]}""")]
    [InlineData("get_agent_auth", "name", """{"agent": "a", "name": "a"}""")]
    public async Task Call_BadArgument_IsNamed_AndNothingIsWritten(string tool, string argument, string arguments)
    {
        await using var admin = await McpOperator.ConnectAsync(shared.Host);
        var before = await shared.Host.Database.ScalarAsync<long>("select count(*) from audit_events");

        var reply = (await admin.CallAsync(tool, arguments)).IsProblem(400);

        var message = Assert.Single(reply.ErrorsOf(argument));
        Assert.Contains($"{argument}: {message}", reply.Text, StringComparison.Ordinal);
        Assert.Equal(before, await shared.Host.Database.ScalarAsync<long>("select count(*) from audit_events"));
    }

    [Fact]
    public async Task Call_SeveralBadArguments_AreToldAtOnce()
    {
        await using var admin = await McpOperator.ConnectAsync(shared.Host);

        var reply = (await admin.CallAsync("assign_subscription", """{"agent": 7, "owner": "me"}""")).IsProblem(400);

        Assert.Equal(["agent", "owner", "subscription"], reply.Json["errors"]!.AsObject().Select(error => error.Key).Order(StringComparer.Ordinal));
    }

    private static string TakeOut(JsonNode json, string member)
    {
        var value = json[member]!.ToString();
        json.AsObject().Remove(member);
        return value;
    }

    private static void AssertSame(JsonNode expected, JsonNode actual) =>
        Assert.True(JsonNode.DeepEquals(expected, actual), $"Expected {expected.ToJsonString()}, got {actual.ToJsonString()}");
}
