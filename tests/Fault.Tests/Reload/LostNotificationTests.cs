using Trinity.Fault.Tests.Support;

namespace Trinity.Fault.Tests.Reload;

/// <summary>NOTIFY is a hint: without it a change is applied within a second, by the database's own clock.</summary>
public sealed class LostNotificationTests(ITestOutputHelper output)
{
    private const double BoundMs = 1000;
    private static readonly int Changes = LongForm.IsOn ? 100 : 10;

    [Fact]
    public async Task Listener_TerminatedAtTheMomentOfAChange_ChangeIsAppliedWithinASecond()
    {
        await using var fleet = await Fleet.StartAsync(1);
        const string change = """
            begin;
            select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and query ilike 'listen %';
            update ai_providers set enabled = true;
            commit
            """;
        for (var i = 0; i < Changes; i++)
        {
            const string listens = "select count(*) from pg_stat_activity where datname = current_database() and query ilike 'listen %'";
            await Eventually.TrueAsync(async () => await fleet.Database.ScalarAsync<long>(listens) > 0, "the bridge listens");
            await AssertAppliedInTimeAsync(fleet, change);
        }
    }

    [Fact]
    public async Task Notifications_SwitchedOff_ChangeIsAppliedWithinASecond()
    {
        await using var fleet = await Fleet.StartAsync(1);
        await fleet.Database.ExecuteAsync(Notifications.Lose);
        for (var i = 0; i < Changes; i++)
        {
            await AssertAppliedInTimeAsync(fleet, "update ai_providers set enabled = true");
        }
    }

    private async Task AssertAppliedInTimeAsync(Fleet fleet, string change)
    {
        await fleet.Database.ExecuteAsync(change);
        var elapsed = await fleet.CommitToAppliedMsAsync();
        output.WriteLine($"commit to applied {elapsed:0} ms");
        Assert.InRange(elapsed, 0, BoundMs);
    }
}
