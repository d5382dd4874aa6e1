using Trinity.AgentServer.Tests.Support;

namespace Trinity.AgentServer.Tests;

/// <summary>HZ-11: the key of the credential file's tag is out of the tasks' reach.</summary>
public sealed class LinuxCallsTests
{
    private const string Nobody = "65534";

    /// <summary>The kernel gives the /proc files of a non-dumpable process to root, so that its own user cannot read them. As root, the server is started as another user.</summary>
    [Fact]
    public async Task Program_Started_ItsEnvironmentIsNotItsOwnUsersToRead()
    {
        string[] asNobody = Environment.IsPrivilegedProcess ? ["setpriv", $"--reuid={Nobody}", $"--regid={Nobody}", "--clear-groups"] : [];
        var readable = await ChildProcess.RunAsync(new ChildProgram("env", [.. asNobody, "test", "-r", AgentProgram.Library]), Timeouts.Default);
        Assert.SkipUnless(readable.ExitCode == 0, "The built program cannot be read by another user, or there is no setpriv.");
        await using var server = await AgentProgram.StartAsync(asNobody);

        var folder = Directory.EnumerateDirectories("/proc").Single(folder => char.IsAsciiDigit(Path.GetFileName(folder)[0]) && Arguments(folder) is ["dotnet", _, var listen, ..] && listen == server.Listen);
        var owner = await ChildProcess.RunAsync(new ChildProgram("stat", "-c", "%u", Path.Combine(folder, "environ")), Timeouts.Default);

        Assert.Equal("0", owner.Succeeded().Output.Trim());
    }

    private static string[] Arguments(string folder)
    {
        try
        {
            return File.ReadAllText(Path.Combine(folder, "cmdline")).Split('\0');
        }
        catch (IOException)
        {
            return []; // it has ended
        }
    }
}
