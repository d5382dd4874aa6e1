using System.Globalization;

namespace Trinity.AgentServer.Runtimes;

/// <summary>The environment that a process was started with, as <c>/proc</c> has it.</summary>
internal static class ProcessEnvironment
{
    // Fields of /proc/PID/stat, counted from the one behind the program's name.
    private const int MemorySize = 20;
    private const int CodeBegins = 23;
    private const int EnvironmentBegins = 47;
    private const int EnvironmentEnds = 48;

    /// <summary>Many times what an exec takes, on a busy machine too.</summary>
    private static readonly TimeSpan LongestExec = TimeSpan.FromSeconds(1);

    /// <summary>Reads it, with a zero byte behind each variable.</summary>
    /// <returns>False: it cannot be said, as the process is becoming another program all the time. One that has ended, or is another user's, has an empty one.</returns>
    public static bool TryRead(string processFolder, out byte[] environment)
    {
        byte[] read = [];
        var isKnown = SpinWait.SpinUntil(
            () =>
            {
                try
                {
                    read = File.ReadAllBytes(Path.Combine(processFolder, "environ"));
                    return IsWhole(read.Length, File.ReadAllText(Path.Combine(processFolder, "stat")));
                }
                catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
                {
                    read = [];
                    return true;
                }
            },
            LongestExec);
        environment = read;
        return isKnown;
    }

    // An exec that comes between two reads cuts off the rest, and until it is done the new environment is empty; the address of the code is the last that is set.
    private static bool IsWhole(int length, string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 1)..].Split(' ', StringSplitOptions.RemoveEmptyEntries);
        var hasEnded = Field(MemorySize) == 0;
        return hasEnded || (Field(CodeBegins) != 0 && Field(EnvironmentEnds) - Field(EnvironmentBegins) == (ulong)length);

        ulong Field(int number) => ulong.Parse(fields[number], NumberStyles.None, CultureInfo.InvariantCulture);
    }
}
