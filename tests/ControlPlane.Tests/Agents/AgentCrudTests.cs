using Trinity.ControlPlane.Containers;
using Trinity.ControlPlane.Tests.Agents.Support;
using Trinity.Shared.AgentApi;

namespace Trinity.ControlPlane.Tests.Agents;

/// <summary>Agents as the API takes and shows them.</summary>
public sealed class AgentCrudTests : IAsyncLifetime
{
    private AgentsBench _bench = null!;

    public async ValueTask InitializeAsync() => _bench = await AgentsBench.StartAsync();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task Create_OnASubscription_RunsAndHasItsToken()
    {
        var created = await _bench.CreateAsync("a");

        Assert.Equal(("hot_reloaded", "/api/v1/agents/a"), (created.At("restart_result"), created.Header("Location")));
        Assert.Equal(("a", "claude-code", InMemoryEngine.Image, "running", "running"), (created.At("agent.name"), created.At("agent.runtime"), created.At("agent.image"), created.At("agent.state"), created.At("agent.desired_state")));
        Assert.Equal(
            ("subscription", "first", "anthropic", "bridge", "1", "1", CredentialFingerprint.Of(_bench.Token)),
            (created.At("agent.auth.mode"), created.At("agent.auth.subscription"), created.At("agent.auth.provider"), created.At("agent.auth.via"), created.At("agent.auth.generation"), created.At("agent.auth.acknowledged_generation"), created.At("agent.auth.fingerprint")));
        Assert.Equal(_bench.Engine.Container("a").Id, created.At("agent.container"));
        var credential = _bench.Engine.Agent("a").Credential;
        Assert.Equal((_bench.Token, "http://host.docker.internal:8787/anthropic"), (credential.Token!.Reveal(), credential.BaseUrl));
        Assert.NotNull(credential.VirtualKey);
    }

    [Fact]
    public async Task Create_ContainerIsMadeAsItShouldBe()
    {
        await _bench.CreateAsync("a", "\"subscription\": \"first\", \"resources\": {\"cpu_millis\": 500, \"memory_mib\": 256, \"pids\": 100}, \"environment\": {\"GREETING\": \"hello\"}");

        var container = _bench.Engine.Container("a");
        Assert.Equal("trinity-agent-a", container.Name);
        Assert.Equal(new ResourceLimits { Cpus = 0.5, MemoryBytes = 256 * 1024 * 1024, Pids = 100 }, container.Spec.Limits);
        Assert.Equal(("a", "claude-code", "agent"), (container.Labels[AgentLabels.AgentName], container.Labels[AgentLabels.AgentRuntime], container.Labels[AgentLabels.Platform]));
        Assert.Equal(new Dictionary<string, string> { ["/home/developer"] = "trinity-agent-a-home" }, container.Spec.Volumes);
        Assert.Equal(
            ["TRINITY_AGENTSERVER__ENVIRONMENT__GREETING", "TRINITY_AGENTSERVER__RUNTIME", InMemoryEngine.OwnToken],
            container.Spec.Environment.Keys.Order(StringComparer.Ordinal));
        Assert.True(container.Spec.PublishOnLoopback);
    }

    [Theory]
    [InlineData("\"auth\": \"none\"", "none", null)]
    [InlineData("\"auth\": \"api_key\"", "api_key", "anthropic")]
    [InlineData("\"provider\": \"anthropic\"", "api_key", "anthropic")]
    public async Task Create_OtherAuthModes_AreShown(string members, string mode, string? provider)
    {
        await _bench.CreateAsync("a", members);

        var auth = (await _bench.Api.GetAsync("agents/a/auth")).Is(200);

        Assert.Equal((mode, null), (auth.At("mode"), auth.At("subscription")));
        Assert.True(provider is null || auth.At("provider") == provider);
        Assert.Equal(auth.At("generation"), auth.At("acknowledged_generation"));
    }

    [Fact]
    public async Task Create_ApiKeyThroughTheBridge_NeverSeesTheKey()
    {
        await _bench.CreateAsync("a", "\"auth\": \"api_key\"");

        var credential = _bench.Engine.Agent("a").Credential;
        Assert.Equal((null, null, true), (credential.Token, credential.ApiKey, credential.VirtualKey is not null));
    }

    [Fact]
    public async Task Create_NameTaken_IsAConflict_AndTheFirstIsLeftAlone()
    {
        await _bench.CreateAsync("a");
        _bench.Engine.Calls.Forget();

        (await _bench.TryCreateAsync("a")).IsProblem(409);

        Assert.Empty(_bench.Engine.Calls.Changes);
    }

    [Fact]
    public async Task Create_SameNameAtOnce_IsOneAgent()
    {
        var other = _bench.ApiOf(await _bench.AddHostAsync());
        var body = $$"""{"name": "a", "runtime": "claude-code", "image": "{{InMemoryEngine.Image}}", "subscription": "first"}""";

        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(number => (number % 2 == 0 ? _bench.Api : other).PostAsync("agents", body)));

        Assert.Equal([201, 409, 409, 409, 409, 409, 409, 409], replies.Select(reply => (int)reply.Status).Order());
        Assert.Single(_bench.Engine.Ever);
        Assert.Equal(_bench.Token, _bench.Engine.Agent("a").Credential.Token!.Reveal());
    }

    // SB-8
    [Fact]
    public async Task Create_WithoutNamingASubscription_GetsTheOneWithTheFewestAgents()
    {
        await _bench.PutSubscriptionAsync("second");
        await _bench.CreateAsync("a", """ "auth": "subscription" """);
        await _bench.CreateAsync("b", """ "auth": "subscription" """);

        Assert.Equal("first", (await _bench.GetAsync("a")).At("auth.subscription"));
        Assert.Equal("second", (await _bench.GetAsync("b")).At("auth.subscription"));
        var why = Assert.Single((await _bench.Api.GetAsync("agents/b/timeline")).Is(200).Items, entry => entry!["kind"]!.GetValue<string>() == "subscription_assigned")!;
        Assert.Equal("b was given second. second is the best of 2: use unknown, 0 agents.", why["summary"]!.GetValue<string>());
        Assert.Equal(["second chosen", "first viable"], why["details"]!["candidates"]!.AsArray().Select(each => $"{each!["subscription"]} {each["verdict"]}"));
    }

    // SB-8: new work stops at the soft ceiling; whoever names a subscription is obeyed
    [Fact]
    public async Task Create_AllSubscriptionsOverTheirCeiling_IsRefusedWithTheReasons_UnlessOneIsNamed()
    {
        await _bench.Database.ExecuteAsync("""
            insert into account_limits (credential, source, detail, limits, observed_at)
            select fingerprint, 'live', 'test', '{"status": "allowed_warning", "windows": [{"name": "seven_day", "utilization": 0.83, "resets_at": "2999-01-01T00:00:00Z"}]}', now() from subscriptions
            """);

        var refused = (await _bench.Api.PostAsync("agents", """{"name": "a", "runtime": "claude-code", "auth": "subscription"}""")).IsProblem(400);
        await _bench.CreateAsync("b", """ "subscription": "first" """);

        Assert.Contains("first: It is 83 % used, and takes no new work from 80 %.", Assert.Single(refused.ErrorsOf("subscription")), StringComparison.Ordinal);
        Assert.Equal("first", (await _bench.GetAsync("b")).At("auth.subscription"));
    }

    [Fact]
    public async Task Get_ByNameAndId_AndAmongAll_IsTheSame()
    {
        await _bench.CreateAsync("b");
        var created = await _bench.CreateAsync("a");

        var one = await _bench.GetAsync("a");

        Assert.Equal(one.Text, (await _bench.GetAsync(created.At("agent.id")!)).Text);
        Assert.Equal($"\"{one.At("version")}\"", one.Header("ETag"));
        var all = (await _bench.Api.GetAsync("agents")).Is(200).Items;
        Assert.Equal(["a", "b"], all.Select(item => item!["name"]!.GetValue<string>()));
        Assert.Equal(one.Json.ToJsonString(), all[0]!.ToJsonString());
    }

    [Fact]
    public async Task Change_StaleIfMatch_IsRefused()
    {
        await _bench.CreateAsync("a");
        await _bench.PutSubscriptionAsync("second");
        var tag = (await _bench.GetAsync("a")).Header("ETag");
        var assigned = (await _bench.Api.SendAsync(HttpMethod.Put, "agents/a/subscription", """{"subscription": "second"}""", tag)).Is(200);

        (await _bench.Api.SendAsync(HttpMethod.Put, "agents/a/subscription", """{"subscription": "first"}""", tag)).IsProblem(412);

        Assert.Equal(assigned.Header("ETag"), (await _bench.GetAsync("a")).Header("ETag"));
    }

    [Fact]
    public async Task Audit_NamesWhatWasDone_AndFromWhatToWhat()
    {
        await _bench.CreateAsync("a");
        await _bench.PutSubscriptionAsync("second");
        (await _bench.AssignAsync("a", "second")).Is(200);
        (await _bench.Api.PostAsync("agents/a/stop")).Is(200);
        (await _bench.Api.DeleteAsync("agents/a")).Is(204);

        var lines = await _bench.Host.AuditAsync();

        Assert.Equal(
            ["agent.create a", "agent.start a", "agent.assign a", "agent.stop a", "agent.delete a"],
            lines.Where(line => line.StartsWith("agent.", StringComparison.Ordinal)).Select(line => line[..line.IndexOf(" {", StringComparison.Ordinal)]));
        var assign = lines.Single(line => line.StartsWith("agent.assign ", StringComparison.Ordinal));
        Assert.Matches("\"from\": \\{.*\"subscription\": \"first\".*\"to\": \\{.*\"subscription\": \"second\"|\"to\": \\{.*\"subscription\": \"second\".*\"from\": \\{.*\"subscription\": \"first\"", assign);
    }
}
