using System.Diagnostics;

namespace Trinity.TestSupport.Tests.Processes;

public sealed class ChildProcessTests
{
    [Fact]
    public async Task Run_ToItsEnd_TellsHowItEnded()
    {
        var result = await ChildProcess.RunAsync(Shell("echo out; echo err >&2; exit 3"), Timeouts.Default);

        Assert.Equal(new ChildResult(3, "out\n", "err\n"), result);
        Assert.Contains("err", Assert.Throws<InvalidOperationException>(result.Succeeded).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Run_BeyondItsLimit_IsKilled() =>
        await Assert.ThrowsAsync<TimeoutException>(() => ChildProcess.RunAsync(Shell("exec sleep 600"), TimeSpan.FromMilliseconds(50)));

    [Fact]
    public async Task Stop_AsksItToEnd()
    {
        await using var child = ChildProcess.Start(Shell("trap 'echo asked; exit 7' TERM; echo ready; while :; do sleep 0.01; done"));
        await Eventually.TrueAsync(() => child.Output == "ready\n", "it waits for the signal");

        var result = await child.StopAsync();

        Assert.Equal((7, "ready\nasked\n"), (result.ExitCode, result.Output));
    }

    [Fact]
    public async Task ProgramId_IsTheProgramsOwn()
    {
        await using var child = ChildProcess.Start(Shell("echo $$; sleep 600"));
        await Eventually.TrueAsync(() => child.Output.EndsWith('\n'), "it has said its id");

        Assert.Equal(child.Output.Trim(), $"{child.ProgramId}");
    }

    [Fact]
    public async Task Dispose_KillsWhatItStartedToo()
    {
        var child = ChildProcess.Start(Shell("sleep 600 & echo $!; wait"));
        await Eventually.TrueAsync(() => child.Output.EndsWith('\n'), "its own child runs");

        await child.DisposeAsync();

        await Eventually.TrueAsync(() => !Runs(child.Output), "both are gone");
    }

    [Fact]
    public async Task TestProcessIsKilled_ChildVanishes()
    {
        var report = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName());
        using var process = Process.Start(new ProcessStartInfo("dotnet")
        {
            UseShellExecute = false,
            ArgumentList = { typeof(ChildProcessTests).Assembly.Location, "-explicit", "only", "-method", $"{typeof(OrphanedChild).FullName}.{nameof(OrphanedChild.StartAndWait)}" },
            Environment = { [OrphanedChild.ReportVariable] = report },
            RedirectStandardOutput = true,
        })!;
        await Eventually.TrueAsync(() => File.Exists(report), "the other test process has started its child");
        var child = await File.ReadAllTextAsync(report, Timeouts.Token);
        File.Delete(report);
        Assert.True(Runs(child));

        process.Kill(); // SIGKILL: no handler of the process runs

        await Eventually.TrueAsync(() => !Runs(child), "the leash has killed it");
    }

    private static ChildProgram Shell(string script) => new("/bin/sh", "-c", script);

    // One that nobody has waited for yet has no command line any more.
    private static bool Runs(string processId)
    {
        try
        {
            return File.ReadAllText($"/proc/{processId.Trim()}/cmdline").Contains("sleep", StringComparison.Ordinal);
        }
        catch (IOException)
        {
            return false;
        }
    }
}
