namespace Trinity.TestSupport.Tests.Processes;

/// <summary>Runs only in the process that another test starts and kills.</summary>
public sealed class OrphanedChild
{
    public const string ReportVariable = "TRINITY_TEST_ORPHANED_CHILD_REPORT";

    [Fact(Explicit = true)]
    public async Task StartAndWait()
    {
        var report = Environment.GetEnvironmentVariable(ReportVariable);
        Assert.SkipWhen(report is null, "runs only when the test of the leash asks for it");
        await using var child = ChildProcess.Start(new ChildProgram("/bin/sh", "-c", "echo $$ && exec sleep 600"));
        await Eventually.TrueAsync(() => child.Output.EndsWith('\n'), "the child runs");
        await File.WriteAllTextAsync(report + ".part", child.Output, Timeouts.Token);
        File.Move(report + ".part", report!);
        await Task.Delay(Timeout.InfiniteTimeSpan, Timeouts.Token);
    }
}
