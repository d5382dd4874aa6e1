using System.Text.Json;
using Microsoft.Extensions.DependencyInjection;
using Trinity.AiBridge.FunctionalTests.Forwarding;
using Trinity.AiBridge.FunctionalTests.Support;
using Trinity.AiBridge.Reload;

namespace Trinity.AiBridge.FunctionalTests.Reload;

/// <summary>What a replica's key rings know of their keys is in its report.</summary>
public sealed class CoolingReportTests
{
    private const string First = "sk-first-key-0123456789";
    private const string Second = "sk-second-key-0123456789";

    [Fact]
    public async Task Report_NamesKeysThatCoolDown_UntilTheirCooldownIsOver()
    {
        var time = new ManualTimeProvider();
        await using var bench = await TestBench.StartAsync(["anthropic", "openai"], configure: builder => builder.Services.AddSingleton<TimeProvider>(time));
        await bench.Config.SetKeysAsync("anthropic", First, Second);
        await bench.AppliedAsync();
        Assert.Empty(await ReportedAsync(bench));
        bench.Expect(Models.Messages).WithKey(First).Reply(FakeReply.Unauthorized());
        bench.Expect(Models.Messages).WithKey(Second).Reply(FakeReply.TooManyRequests(20));

        using var reply = await bench.SendAsync(bench.Request(Models.Messages));

        var (first, second) = (await KeyIdAsync(bench, 0), await KeyIdAsync(bench, 1));
        Assert.Equal(
            [$"key_id={first} reason=unauthorized until=2030-01-01T00:01:00+00:00", $"key_id={second} reason=rate_limited until=2030-01-01T00:00:20+00:00"], await ReportedAsync(bench));

        time.Advance(TimeSpan.FromSeconds(20));
        Assert.Equal([$"key_id={first} reason=unauthorized until=2030-01-01T00:01:00+00:00"], await ReportedAsync(bench));

        await bench.Config.SetKeysAsync("anthropic", "sk-another-key-0123456789");
        await Eventually.TrueAsync(async () => !(await ReportedAsync(bench)).Any(), "a key that no provider has any more is forgotten");
    }

    [Fact]
    public async Task Heartbeat_ReportsThem()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"], ["AiBridge:HeartbeatInterval=00:00:00.050"]);
        bench.Expect(Models.Messages).Reply(FakeReply.TooManyRequests(600));

        using var reply = await bench.SendAsync(bench.Request(Models.Messages));

        await Eventually.TrueAsync(async () => (await CoolingAsync(bench)).Length == 1, "the key that cools down is reported");
    }

    private static async Task<IEnumerable<string>> ReportedAsync(TestBench bench)
    {
        Assert.True(await bench.Bridge.Services.GetRequiredService<ReplicaReporter>().TryReportAsync(Timeouts.Token));
        return (await CoolingAsync(bench)).Select(key => string.Join(' ', key.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal).Select(member => $"{member.Name}={member.Value}")));
    }

    private static async Task<JsonElement[]> CoolingAsync(TestBench bench) =>
        JsonSerializer.Deserialize<JsonElement[]>((await bench.Database.ScalarAsync<string>("select cooling::text from bridge_replicas"))!)!;

    private static async Task<Guid> KeyIdAsync(TestBench bench, int ordinal) =>
        await bench.Database.ScalarAsync<Guid>($"select id from ai_provider_keys where provider_id = '{bench.Config.IdOf("anthropic")}' and ordinal = {ordinal}");
}
