using System.Diagnostics;
using System.Text;
using Trinity.AgentServer.Runtimes;

namespace Trinity.AgentServer.Tests.Runtimes;

public sealed class ProcessEnvironmentTests
{
    /// <summary>Becomes itself again and again: whenever it is looked at, it may be between two programs.</summary>
    private const string Restarts = """[ $1 -gt 0 ] && exec sh "$0" $(($1 - 1)); read x""";

    [Fact]
    public async Task TryRead_ProcessThatBecomesAnotherProgram_NeverLooksAsIfItHadNone()
    {
        var script = Path.GetTempFileName();
        await File.WriteAllTextAsync(script, Restarts, Timeouts.Token);
        using var process = Start("/bin/sh", script, "3000");
        var seen = new List<string>();

        for (var look = 0; look < 20_000; look++)
        {
            seen.Add(ProcessEnvironment.TryRead($"/proc/{process.Id}", out var environment) ? Encoding.UTF8.GetString(environment) : "MARK=unknown");
        }

        await EndAsync(process);
        File.Delete(script);
        Assert.All(seen, environment => Assert.Contains("MARK=", environment, StringComparison.Ordinal));
    }

    [Fact]
    public async Task TryRead_ProcessWithoutEnvironment_IsKnownToHaveNone()
    {
        using var process = Start("/usr/bin/env", "-i", "/bin/cat");
        await Eventually.TrueAsync(() => File.ReadAllText($"/proc/{process.Id}/comm") == "cat\n", "it has become the program");

        Assert.True(ProcessEnvironment.TryRead($"/proc/{process.Id}", out var environment));
        Assert.Empty(environment);
        await EndAsync(process);
    }

    [Fact]
    public void TryRead_NoSuchProcess_IsKnownToHaveNone()
    {
        Assert.True(ProcessEnvironment.TryRead("/proc/0", out var environment));
        Assert.Empty(environment);
    }

    private static Process Start(string program, params string[] arguments)
    {
        var start = new ProcessStartInfo(program, arguments) { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        start.Environment["MARK"] = "x";
        return Process.Start(start)!;
    }

    private static Task EndAsync(Process process)
    {
        process.StandardInput.Close();
        return process.WaitForExitAsync(Timeouts.Token);
    }
}
