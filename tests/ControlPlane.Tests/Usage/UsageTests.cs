using Trinity.ControlPlane.Tests.Hosting;
using Trinity.ControlPlane.Tests.Interceptions;

namespace Trinity.ControlPlane.Tests.Usage;

public sealed class UsageTests(SharedHost shared) : IClassFixture<SharedHost>
{
    private const string January = "from=2030-01-01&to=2030-02-01";

    [Theory]
    [InlineData("provider", """main 3/1 11/22/33/44/55 | other 1/1 0/0/0/0/0""")]
    [InlineData("model", """claude 3/1 11/22/33/44/55 |  1/1 0/0/0/0/0""")]
    [InlineData("key", """ci 2/0 11/22/33/44/55 | ops 1/1 0/0/0/0/0 |  1/1 0/0/0/0/0""")]
    [InlineData("agent", """builder 1/0 1/2/3/4/5 |  3/2 10/20/30/40/50""")]
    [InlineData("day", """2030-01-15 3/1 11/22/33/44/55 | 2030-01-31 1/1 0/0/0/0/0""")]
    public async Task Usage_SumsByGroup(string groupBy, string expected)
    {
        var host = shared.Host;
        await host.Database.ExecuteAsync("truncate interceptions cascade");
        await new RecordedRequest { Tokens = [[1, 2, 3, 4, 5]], Agent = "builder", Outcome = "client_abort" }.InsertAsync(host);
        await new RecordedRequest { Tokens = [[4, 8, 12, 16, 20], [6, 12, 18, 24, 30]] }.InsertAsync(host);
        await new RecordedRequest { Outcome = "provider_error", Caller = "ops" }.InsertAsync(host);
        await new RecordedRequest { Provider = "other", Model = null, Caller = null, Outcome = "rejected", StartedAt = new DateTime(2030, 1, 31, 23, 59, 59, DateTimeKind.Utc) }.InsertAsync(host);
        await new RecordedRequest { Tokens = [[1000, 0, 0, 0, 0]], StartedAt = new DateTime(2030, 2, 1, 0, 0, 0, DateTimeKind.Utc) }.InsertAsync(host);

        var reply = (await host.Admin.GetAsync($"usage?group_by={groupBy}&{January}")).Is(200);

        Assert.Equal(expected, string.Join(" | ", reply.Items.Select(item =>
            $"{item!["group"]} {item["requests"]}/{item["failed"]} {item["input"]}/{item["output"]}/{item["cache_read"]}/{item["cache_write"]}/{item["reasoning"]}")));
    }

    [Fact]
    public async Task Usage_WithoutParameters_IsTheLast30DaysByProvider()
    {
        var host = shared.Host;
        await host.Database.ExecuteAsync("truncate interceptions cascade");
        var now = TimeProvider.System.GetUtcNow().UtcDateTime;
        await new RecordedRequest { StartedAt = now.AddDays(-29) }.InsertAsync(host);
        await new RecordedRequest { StartedAt = now.AddDays(-31) }.InsertAsync(host);

        var item = Assert.Single((await host.Admin.GetAsync("usage")).Is(200).Items);

        Assert.Equal("main", item!["group"]!.GetValue<string>());
        Assert.Equal(1, item["requests"]!.GetValue<long>());
    }

    [Theory]
    [InlineData("group_by=color", "group_by")]
    [InlineData("group_by=caller;drop table interceptions", "group_by")]
    [InlineData("from=2030-02-01&to=2030-01-01", "from")]
    [InlineData("from=2029-01-01&to=2030-02-01", "from")]
    [InlineData("to=0001-01-01", "to")]
    [InlineData("from=2030-01-01T00:00:00", "from")]
    [InlineData("group=day", "group")]
    public async Task Usage_BadParameter_IsNamed(string query, string parameter) =>
        Assert.NotEmpty((await shared.Admin.GetAsync($"usage?{query}")).IsProblem(400).ErrorsOf(parameter));
}
