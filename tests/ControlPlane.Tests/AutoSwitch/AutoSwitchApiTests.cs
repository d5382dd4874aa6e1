using Trinity.ControlPlane.Notifications;
using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Timeline;

namespace Trinity.ControlPlane.Tests.AutoSwitch;

public sealed class AutoSwitchApiTests
{
    [Fact]
    public async Task Settings_ChangeOneByOne_AndNullIsTheDefaultAgain()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        Assert.Equal(("true", "true"), Values((await host.Admin.GetAsync("settings")).Is(200)));

        Assert.Equal(("false", "true"), Values((await host.Admin.PatchAsync("settings", """{"auto_switch_subscriptions": false}""")).Is(200)));
        Assert.Equal(("false", "false"), Values((await host.Admin.PatchAsync("settings", """{"subscription_api_key_fallback": false}""")).Is(200)));
        Assert.Equal(("true", "false"), Values((await host.Admin.PatchAsync("settings", """{"auto_switch_subscriptions": null}""")).Is(200)));

        Assert.Equal(("true", "false"), Values((await host.Admin.GetAsync("settings")).Is(200)));
        Assert.Contains("settings.update settings {\"auto_switch_subscriptions\": false}", await host.AuditAsync());
    }

    [Fact]
    public async Task Settings_NumbersGoTheSameWay()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        Assert.Equal("80", (await host.Admin.GetAsync("settings")).Is(200).At("soft_ceiling_percent"));

        Assert.Equal("65", (await host.Admin.PatchAsync("settings", """{"soft_ceiling_percent": 65}""")).Is(200).At("soft_ceiling_percent"));
        Assert.Equal("65", (await host.Admin.GetAsync("settings")).Is(200).At("soft_ceiling_percent"));
        Assert.Equal("80", (await host.Admin.PatchAsync("settings", """{"soft_ceiling_percent": null}""")).Is(200).At("soft_ceiling_percent"));
    }

    [Theory]
    [InlineData("auto_switch_subscriptions", """{"auto_switch_subscriptions": "yes"}""")]
    [InlineData("soft_ceiling_percent", """{"soft_ceiling_percent": 0}""")]
    [InlineData("soft_ceiling_percent", """{"soft_ceiling_percent": 101}""")]
    [InlineData("soft_ceiling_percent", """{"soft_ceiling_percent": "80"}""")]
    [InlineData("colour", """{"colour": true}""")]
    [InlineData("", "{}")]
    public async Task Settings_BadField_IsNamed_AndNothingChanges(string field, string body)
    {
        await using var host = await ControlPlaneHost.StartAsync();

        Assert.NotEmpty((await host.Admin.PatchAsync("settings", body)).IsProblem(400).ErrorsOf(field));

        Assert.Equal(0, await host.Database.ScalarAsync<long>("select count(*) from settings"));
    }

    [Fact] // written by hand
    public async Task Settings_ValueThatIsNone_IsTheDefault()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        await host.Database.ExecuteAsync("""insert into settings values ('auto_switch_subscriptions', '"no"', now())""");

        Assert.Equal(("true", "true"), Values((await host.Admin.GetAsync("settings")).Is(200)));
    }

    [Fact]
    public async Task Viewer_ReadsAll_AndChangesNothing()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        await bench.LimitAsync(await bench.AddAgentAsync("robot", "a"));
        var viewer = bench.Host.As((await bench.Host.Admin.PostAsync("operator-tokens", """{"name": "viewer", "role": "viewer"}""")).At("token")!);
        var id = (await viewer.GetAsync("notifications")).Is(200).At("items[0].id");

        (await viewer.GetAsync("settings")).Is(200);
        (await viewer.GetAsync("agents/robot/timeline")).Is(200);
        (await viewer.GetAsync("subscriptions/a/failures")).Is(200);
        (await viewer.PatchAsync("settings", """{"auto_switch_subscriptions": false}""")).IsProblem(403);
        (await viewer.PostAsync($"notifications/{id}/read")).IsProblem(403);
    }

    [Fact]
    public async Task Notifications_AreReadOnce()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var store = (NotificationStore)host.Services.GetService(typeof(NotificationStore))!;
        foreach (var agent in new[] { "one", "two" })
        {
            await store.AddAsync(Guid.CreateVersion7(), TimeProvider.System.GetUtcNow(), new Notification("high", "subscription", agent, $"{agent} moved"), Timeouts.Token);
        }

        var all = (await host.Admin.GetAsync("notifications")).Is(200).Items;
        Assert.Equal(["two moved", "one moved"], all.Select(each => each!["title"]!.GetValue<string>()));
        var id = all[0]!["id"]!.GetValue<string>();
        var read = (await host.Admin.PostAsync($"notifications/{id}/read")).Is(200).At("read_at");
        Assert.NotNull(read);
        Assert.Equal(read, (await host.Admin.PostAsync($"notifications/{id}/read")).Is(200).At("read_at"));

        Assert.Equal("one moved", Assert.Single((await host.Admin.GetAsync("notifications?unread=true")).Is(200).Items)!["title"]!.GetValue<string>());
        Assert.Equal("two moved", Assert.Single((await host.Admin.GetAsync("notifications?agent=two")).Is(200).Items)!["title"]!.GetValue<string>());
        (await host.Admin.PostAsync($"notifications/{Guid.CreateVersion7()}/read")).IsProblem(404);
        (await host.Admin.PostAsync("notifications/x/read")).IsProblem(400);
        (await host.Admin.GetAsync("notifications?unread=maybe")).IsProblem(400);
    }

    [Fact]
    public async Task Timeline_IsPaged_AndOutlivesItsAgent()
    {
        await using var bench = await SwitchBench.StartAsync([]);
        var agent = await bench.AddAgentAsync("robot", subscription: null);
        var store = bench.Service<TimelineStore>();
        foreach (var summary in new[] { "first", "second", "third" })
        {
            Assert.True(await store.AddAsync(Guid.CreateVersion7(), TimeProvider.System.GetUtcNow(), new TimelineEntry(agent.Id, "robot", "test", summary), Timeouts.Token));
        }

        var page = (await bench.Host.Admin.GetAsync("agents/robot/timeline?limit=2")).Is(200);
        var rest = (await bench.Host.Admin.GetAsync($"agents/{agent.Id}/timeline?limit=2&after={page.At("next")}")).Is(200);
        Assert.Equal(["third", "second", "first"], page.Items.Concat(rest.Items).Select(each => each!["summary"]!.GetValue<string>()));
        Assert.Null(rest.At("next"));
        await bench.Database.ExecuteAsync("delete from agents");

        Assert.Equal(3, (await bench.Host.Admin.GetAsync("agents/robot/timeline")).Is(200).Items.Count);
        (await bench.Host.Admin.GetAsync("agents/nobody/timeline")).IsProblem(404);
        (await bench.Host.Admin.GetAsync($"agents/{Guid.CreateVersion7()}/timeline")).IsProblem(404);
        (await bench.Host.Admin.GetAsync("agents/robot/timeline?limit=0")).IsProblem(400);
    }

    [Fact]
    public async Task Timeline_SameKey_IsOneEntryThatCounts()
    {
        await using var bench = await SwitchBench.StartAsync([]);
        var agent = await bench.AddAgentAsync("robot", subscription: null);
        var store = bench.Service<TimelineStore>();
        var entry = new TimelineEntry(agent.Id, "robot", "test", "again") { RepeatKey = "k" };

        var isNew = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => store.AddAsync(Guid.CreateVersion7(), TimeProvider.System.GetUtcNow(), entry, Timeouts.Token)));

        Assert.Single(isNew, each => each);
        Assert.Equal("5", (await bench.Host.Admin.GetAsync("agents/robot/timeline")).At("items[0].occurrences"));
    }

    [Fact]
    public async Task Failures_ArePaged()
    {
        await using var bench = await SwitchBench.StartAsync(["a", "b"]);
        var agent = await bench.AddAgentAsync("robot", "a");
        for (var i = 0; i < 3; i++)
        {
            await bench.LimitAsync(agent);
        }

        var page = (await bench.Host.Admin.GetAsync("subscriptions/a/failures?limit=2")).Is(200);
        var rest = (await bench.Host.Admin.GetAsync($"subscriptions/a/failures?limit=2&after={page.At("next")}")).Is(200);
        Assert.Equal((2, 1), (page.Items.Count, rest.Items.Count));
        Assert.Empty((await bench.Host.Admin.GetAsync("subscriptions/b/failures")).Is(200).Items);
        (await bench.Host.Admin.GetAsync("subscriptions/nobody/failures")).IsProblem(404);
    }

    private static (string?, string?) Values(ApiReply settings) => (settings.At("auto_switch_subscriptions"), settings.At("subscription_api_key_fallback"));
}
