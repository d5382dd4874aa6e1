using System.Globalization;

namespace Trinity.TestSupport.Tests.Postgres;

/// <summary>Runs only in the process that another test starts and kills.</summary>
public sealed class OrphanedServer
{
    public const string ReportVariable = "TRINITY_TEST_ORPHAN_REPORT";

    [Fact(Explicit = true)]
    public async Task StartAndWait()
    {
        var report = Environment.GetEnvironmentVariable(ReportVariable);
        Assert.SkipWhen(report is null, "runs only when the test of the watchdog asks for it");
        var server = await PostgresServer.SharedAsync();
        await File.WriteAllLinesAsync(report + ".part", [server.Folder, server.Port.ToString(CultureInfo.InvariantCulture)], Timeouts.Token);
        File.Move(report + ".part", report);
        await Task.Delay(Timeout.InfiniteTimeSpan, Timeouts.Token);
    }
}
