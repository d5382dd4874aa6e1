using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.Interceptions;

public sealed class InterceptionTests(SharedHost shared) : IClassFixture<SharedHost>
{
    [Fact]
    public async Task Get_JoinsTokensAndTools()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var request = new RecordedRequest { Tokens = [[1, 2, 3, 4, 5], [10, 20, 30, 40, 50]], Tools = ["second", "first"], SessionId = "s1", Agent = "builder" };
        await request.InsertAsync(host);

        var read = (await host.Admin.GetAsync($"interceptions/{request.Id}")).Is(200);

        Assert.Equal("""{"input":11,"output":22,"cache_read":33,"cache_write":44,"reasoning":55}""", read.Json["token_usage"]!.ToJsonString());
        Assert.Equal(["first", "second"], read.Json["tool_usages"]!.AsArray().Select(tool => tool!["tool"]!.GetValue<string>()));
        Assert.Equal("call", read.At("tool_usages[0].tool_call_id"));
        foreach (var (member, value) in new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["provider"] = "main",
            ["provider_type"] = "anthropic",
            ["route"] = "messages",
            ["model"] = "claude",
            ["client"] = "claude-code",
            ["session_id"] = "s1",
            ["caller"] = "ci",
            ["agent"] = "builder",
            ["streaming"] = "true",
            ["status"] = "200",
            ["outcome"] = "completed",
            ["key_hint"] = "sk-a...1234",
            ["credential"] = "0123456789abcdef",
            ["attempts"] = "1",
            ["generation"] = "7",
            ["started_at"] = "2030-01-15T12:00:00Z",
            ["first_byte_ms"] = "12.5",
            ["duration_ms"] = "99.5",
        })
        {
            Assert.Equal(value, read.At(member));
        }
    }

    [Fact]
    public async Task Get_UnknownUsage_IsNullNotZero()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var request = new RecordedRequest();
        await request.InsertAsync(host);

        var read = (await host.Admin.GetAsync($"interceptions/{request.Id}")).Is(200);

        Assert.Null(read.Json["token_usage"]);
        Assert.Empty(read.Json["tool_usages"]!.AsArray());
        (await host.Admin.GetAsync($"interceptions/{Guid.CreateVersion7()}")).IsProblem(404);
        (await host.Admin.GetAsync("interceptions/x")).IsProblem(400);
    }

    [Fact]
    public async Task List_PagesFromTheNewest_WithoutGapsWhileNewOnesArrive()
    {
        await using var host = await ControlPlaneHost.StartAsync();
        var start = new DateTimeOffset(2030, 1, 1, 0, 0, 0, TimeSpan.Zero);
        var requests = Enumerable.Range(0, 7).Select(index => new RecordedRequest { Id = Guid.CreateVersion7(start.AddSeconds(index)), Tools = ["t"] }).ToList();
        foreach (var request in requests)
        {
            await request.InsertAsync(host);
        }

        var seen = new List<string>();
        var next = "";
        do
        {
            var page = (await host.Admin.GetAsync($"interceptions?limit=3{next}")).Is(200);
            seen.AddRange(page.Items.Select(item => item!["id"]!.GetValue<string>()));
            Assert.All(page.Items, item => Assert.Single(item!["tool_usages"]!.AsArray()));
            next = page.At("next") is { } id ? $"&after={id}" : "";
            await new RecordedRequest { Id = Guid.CreateVersion7(start.AddHours(1)) }.InsertAsync(host);
        }
        while (next.Length > 0);

        Assert.Equal(requests.Select(request => request.Id.ToString()).Reverse(), seen);
    }

    [Theory]
    [InlineData("", 3)]
    [InlineData("provider=main", 2)]
    [InlineData("model=gpt", 1)]
    [InlineData("client=codex", 1)]
    [InlineData("outcome=provider_error", 1)]
    [InlineData("session_id=s2", 1)]
    [InlineData("caller=ops", 1)]
    [InlineData("started_after=2030-01-16", 1)]
    [InlineData("started_before=2030-01-16T00:00:00Z", 2)]
    [InlineData("provider=main&model=claude", 2)]
    [InlineData("provider=%27%20or%201%3D1--", 0)]
    public async Task List_Filters(string query, int expected)
    {
        var host = shared.Host;
        await host.Database.ExecuteAsync("truncate interceptions cascade");
        await new RecordedRequest().InsertAsync(host);
        await new RecordedRequest { Outcome = "provider_error", Caller = "ops" }.InsertAsync(host);
        await new RecordedRequest { Provider = "other", Model = "gpt", Client = "codex", SessionId = "s2", StartedAt = new DateTime(2030, 1, 17, 0, 0, 0, DateTimeKind.Utc) }.InsertAsync(host);

        Assert.Equal(expected, (await host.Admin.GetAsync($"interceptions?{query}")).Is(200).Items.Count);
    }

    [Theory]
    [InlineData("limit=0", "limit")]
    [InlineData("limit=1001", "limit")]
    [InlineData("limit=ten", "limit")]
    [InlineData("after=x", "after")]
    [InlineData("outcome=good", "outcome")]
    [InlineData("started_after=yesterday", "started_after")]
    [InlineData("provder=main", "provder")]
    [InlineData("model=a%00b", "model")]
    [InlineData("model=", "model")]
    public async Task List_BadParameter_IsNamed(string query, string parameter) =>
        Assert.NotEmpty((await shared.Admin.GetAsync($"interceptions?{query}")).IsProblem(400).ErrorsOf(parameter));
}
