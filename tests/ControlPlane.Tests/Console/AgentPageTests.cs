using Trinity.ControlPlane.Tests.Agents.Support;

namespace Trinity.ControlPlane.Tests.Console;

public sealed class AgentPageTests : IAsyncLifetime
{
    private const string Table = "/console/settings/subscriptions";

    private AgentsBench _bench = null!;
    private ConsoleClient _browser = null!;

    public async ValueTask InitializeAsync()
    {
        _bench = await AgentsBench.StartAsync();
        (await _bench.Api.PatchAsync("settings", """{"subscription_headroom_auto_refresh": false}""")).Is(200);
        var token = (await _bench.Api.PostAsync("operator-tokens", """{"name": "grace", "role": "admin"}""")).Is(201).At("token")!;
        _browser = await ConsoleClient.SignInAsync(_bench.Host, token);
    }

    public async ValueTask DisposeAsync()
    {
        _browser.Dispose();
        await _bench.DisposeAsync();
    }

    [Fact]
    public async Task List_Empty_SaysWhatToDo() =>
        Assert.Contains("There is no agent yet. POST /api/v1/agents makes one", (await _browser.GetAsync("/console/agents")).IsPage(200).Text, StringComparison.Ordinal);

    [Fact]
    public async Task List_ShowsWhatTheApiSays()
    {
        await _bench.CreateAsync("a");
        await _bench.CreateAsync("b", "\"auth\": \"none\"");
        (await _bench.Api.PostAsync("agents/b/stop")).Is(200);

        var page = (await _browser.GetAsync("/console/agents")).IsPage(200);

        Assert.Contains(" a running subscription first 1 The running agent has it; nothing was restarted. 0", page.LineOf("a").Text, StringComparison.Ordinal);
        Assert.Contains(" b stopped none – ", page.LineOf("b").Text, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Session_IsTakenByEveryControlPlane()
    {
        await _bench.CreateAsync("a");
        using var other = new ConsoleClient(await _bench.AddHostAsync(), _browser.Session);
        var page = (await other.GetAsync("/console/agents/a")).IsPage(200);

        (await _browser.PostAsync("/console/agents/a/subscription", ("subscription", ":none"), ("version", page.ValueOf("version")))).Is(303); // the form of one, sent to the other
    }

    [Fact]
    public async Task Switcher_GivesTheAgentAnother_AndSaysHowItWasTaken()
    {
        var token = await _bench.PutSubscriptionAsync("second");
        await _bench.CreateAsync("a");
        var page = (await _browser.GetAsync("/console/agents/a")).IsPage(200);
        Assert.Contains("<option value=\"first\" selected", page.Html, StringComparison.Ordinal);

        var done = (await _browser.PostAsync("/console/agents/a/subscription", ("subscription", "second"), ("version", page.ValueOf("version")))).Is(303);

        var after = (await _browser.GetAsync(done.Location!)).IsPage(200);
        Assert.Contains("The running agent has it; nothing was restarted.", after.Between("role=\"status\"", "</p>").Text, StringComparison.Ordinal);
        Assert.Contains("<option value=\"second\" selected", after.Html, StringComparison.Ordinal);
        Assert.Contains(" Generation 2 ", after.Text, StringComparison.Ordinal);
        Assert.Equal(token, _bench.Engine.Agent("a").Credential.Token!.Reveal());
        Assert.Equal(["grace agent.assign a"], await AuditAsync());
    }

    [Theory]
    [InlineData(":none", "none")]
    [InlineData(":api_key", "api_key")]
    public async Task Switcher_TakesTheSubscriptionAway(string choice, string mode)
    {
        await _bench.CreateAsync("a");
        var page = (await _browser.GetAsync("/console/agents/a")).IsPage(200);

        var done = (await _browser.PostAsync("/console/agents/a/subscription", ("subscription", choice), ("version", page.ValueOf("version")))).Is(303);

        Assert.Contains($"<option value=\"{choice}\" selected", (await _browser.GetAsync(done.Location!)).IsPage(200).Html, StringComparison.Ordinal);
        var agent = await _bench.GetAsync("a");
        Assert.Equal((mode, null), (agent.At("auth.mode"), agent.At("auth.subscription")));
        Assert.Equal(["grace agent.assign a"], await AuditAsync());
    }

    [Fact]
    public async Task Switcher_DecidedOnSomethingElse_ChangesNothing()
    {
        await _bench.PutSubscriptionAsync("second");
        await _bench.PutSubscriptionAsync("third");
        await _bench.CreateAsync("a");
        var page = (await _browser.GetAsync("/console/agents/a")).IsPage(200);
        (await _bench.AssignAsync("a", "third")).Is(200); // somebody else, meanwhile

        var reply = (await _browser.PostAsync("/console/agents/a/subscription", ("subscription", "second"), ("version", page.ValueOf("version")))).IsPage(412);

        Assert.Contains("It was changed by somebody else meanwhile.", reply.Between("role=\"alert\"", "</p>").Text, StringComparison.Ordinal);
        Assert.Contains(" Subscription third ", reply.Text, StringComparison.Ordinal);
        Assert.Equal("third", (await _bench.GetAsync("a")).At("auth.subscription"));
    }

    [Theory]
    [InlineData("gone", "gone")]
    [InlineData("", "Choose a subscription.")]
    [InlineData("<b>", "Choose a subscription.")]
    public async Task Switcher_WithMistakes_SaysSoAtItsField(string choice, string message)
    {
        await _bench.CreateAsync("a");
        var page = (await _browser.GetAsync("/console/agents/a")).IsPage(200);

        var reply = (await _browser.PostAsync("/console/agents/a/subscription", ("subscription", choice), ("version", page.ValueOf("version")))).IsPage(400);

        Assert.Contains(message, reply.Between("id=\"switcher-error\"", "</span>").Text, StringComparison.Ordinal);
        Assert.Equal("first", (await _bench.GetAsync("a")).At("auth.subscription"));
    }

    [Fact]
    public async Task Table_AssignsAndUnassigns()
    {
        var token = await _bench.PutSubscriptionAsync("second");
        await _bench.CreateAsync("a");
        await _bench.CreateAsync("b");

        var assigned = (await _browser.PostAsync($"{Table}/second/agents", ("agent", "a"))).Is(303);
        var page = (await _browser.GetAsync(assigned.Location!)).IsPage(200);
        Assert.Contains("The agent is assigned. The running agent has it; nothing was restarted.", page.Between("role=\"status\"", "</p>").Text, StringComparison.Ordinal);
        Assert.Contains("<td class=\"number\">1</td>", page.RowOf("second").Html, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/console/agents/a\">a</a>", page.RowOf("second").Html, StringComparison.Ordinal);
        Assert.Contains("<a href=\"/console/agents/b\">b</a>", page.RowOf("first").Html, StringComparison.Ordinal);
        Assert.Contains("<option value=\"b\">b (now: first)</option>", page.RowOf("second").Html, StringComparison.Ordinal);
        Assert.Equal(token, _bench.Engine.Agent("a").Credential.Token!.Reveal());

        var remove = $"{Table}/second/agents/a/remove";
        var removed = (await _browser.PostAsync(remove, ("version", page.VersionFor(remove)))).Is(303);
        Assert.Contains("The agent has no subscription any more.", (await _browser.GetAsync(removed.Location!)).IsPage(200).Text, StringComparison.Ordinal);
        Assert.Null(_bench.Engine.Agent("a").Credential.Token);
        Assert.Equal(["grace agent.assign a", "grace agent.assign a"], await AuditAsync());
    }

    [Fact]
    public async Task Table_UnassignDecidedOnSomethingElse_ChangesNothing()
    {
        await _bench.PutSubscriptionAsync("second");
        await _bench.CreateAsync("a");
        var remove = $"{Table}/first/agents/a/remove";
        var version = (await _browser.GetAsync(Table)).IsPage(200).VersionFor(remove);
        (await _bench.AssignAsync("a", "second")).Is(200); // as an auto-switch might

        (await _browser.PostAsync(remove, ("version", version))).IsPage(412);

        Assert.Equal("second", (await _bench.GetAsync("a")).At("auth.subscription"));
    }

    [Theory]
    [InlineData("", "Choose an agent.")]
    [InlineData("gone", "There is no agent 'gone'.")]
    public async Task Table_AssignWithMistakes_SaysSoInItsRow(string agent, string message)
    {
        var page = await _browser.PostAsync($"{Table}/first/agents", ("agent", agent));

        page.IsPage(agent.Length == 0 ? 400 : 404);
        Assert.Contains(message, page.RowOf("first").Text, StringComparison.Ordinal);
        Assert.Contains("<details open", page.RowOf("first").Html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Table_RollOver_ReachesTheAgents_AndNamesTheRollout()
    {
        await _bench.CreateAsync("a");
        var token = Canaries.New("anthropic-oauth");

        var done = (await _browser.PostAsync($"{Table}/first/token", ("token", token))).Is(303);
        await _bench.LookAsync();

        var page = (await _browser.GetAsync(done.Location!)).IsPage(200);
        var rollout = await _bench.Database.ScalarAsync<Guid>("select id from rollouts order by id desc limit 1");
        Assert.Contains($"/api/v1/rollouts/{rollout} says safe_to_revoke", page.Between("role=\"status\"", "</p>").Text, StringComparison.Ordinal);
        Assert.Equal(token, _bench.Engine.Agent("a").Credential.Token!.Reveal());
    }

    [Fact]
    public async Task Table_Delete_SaysHowManyLoseIt_AndTakesItFromThem()
    {
        await _bench.CreateAsync("a");
        await _bench.CreateAsync("b");
        var ask = (await _browser.GetAsync($"{Table}/first/delete")).IsPage(200);
        Assert.Contains("2 agents lose it, and can start no task until given something else: a b ", ask.Text, StringComparison.Ordinal);

        var done = (await _browser.PostAsync($"{Table}/first/delete", ("version", ask.ValueOf("version")))).Is(303);
        await _bench.LookAsync();

        Assert.Contains("There is no subscription yet.", (await _browser.GetAsync(done.Location!)).IsPage(200).Text, StringComparison.Ordinal);
        Assert.Null(_bench.Engine.Agent("a").Credential.Token);
    }

    [Fact]
    public async Task HostileTexts_OfAgents_AreShownAsText()
    {
        await _bench.PutSubscriptionAsync("second");
        await _bench.CreateAsync("a");
        _bench.Engine.Script("a").Answer(AgentScript.Reload, 500, """{"code": "<img src=x onerror=alert(1)>"}""");
        (await _bench.AssignAsync("a", "second")).Is(200);

        foreach (var path in (string[])["/console/agents", "/console/agents/a", $"/console/agents/a?delivery={Uri.EscapeDataString("<img src=x>")}"])
        {
            var page = (await _browser.GetAsync(path)).IsPage(200);

            Assert.Contains("The agent answered 500 (<img src=x onerror=alert(1)>).", page.Text, StringComparison.Ordinal);
            Assert.DoesNotContain("<img", page.Html, StringComparison.Ordinal);
            Assert.DoesNotContain("role=\"status\"", page.Html, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task Viewer_SeesTheAgent_AndNoSwitcher()
    {
        await _bench.CreateAsync("a");
        using var viewer = await ConsoleClient.SignInViewerAsync(_bench.Host, _bench.Api);

        var page = (await viewer.GetAsync("/console/agents/a")).IsPage(200);

        Assert.Contains("Subscription: first", page.Text, StringComparison.Ordinal);
        Assert.DoesNotContain("<select", page.Html, StringComparison.Ordinal);
        (await viewer.PostAsync("/console/agents/a/subscription", ("subscription", ":none"), ("version", "1"))).IsPage(403);
        Assert.Equal("first", (await _bench.GetAsync("a")).At("auth.subscription"));
    }

    private async Task<IReadOnlyList<string>> AuditAsync() => (await _bench.Database.ScalarAsync<string[]>(
        "select coalesce(array_agg(actor || ' ' || action || ' ' || target order by at, id), '{}') from audit_events where target_type = 'agent' and action = 'agent.assign'"))!;
}
