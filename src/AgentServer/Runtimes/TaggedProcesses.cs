using System.Globalization;
using System.Text;

namespace Trinity.AgentServer.Runtimes;

/// <summary>Finds a task's processes by the mark in their environment: also those that have left its tree, as background jobs do.</summary>
internal static class TaggedProcesses
{
    public const string Variable = "TRINITY_TASK_MARK";

    /// <summary>While they are killed, those that are left may start others.</summary>
    private const int MostRounds = 5;

    /// <summary>Asks all of them to end.</summary>
    public static void Terminate(string mark) => Signal(mark, LinuxCalls.Terminate);

    /// <summary>Ends all of them.</summary>
    public static void Kill(string mark)
    {
        for (var round = 0; round < MostRounds && Signal(mark, LinuxCalls.Kill) > 0; round++)
        {
            // Looks again until there are none.
        }
    }

    private static int Signal(string mark, int signal) => Find(mark).Count(processId => LinuxCalls.Signal(processId, signal));

    private static IEnumerable<int> Find(string value)
    {
        var mark = Encoding.UTF8.GetBytes($"\0{Variable}={value}\0");
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var processId) && processId != Environment.ProcessId && IsMarked(folder, mark))
            {
                yield return processId;
            }
        }
    }

    private static bool IsMarked(string folder, byte[] mark)
    {
        try
        {
            byte[] environment = [0, .. File.ReadAllBytes(Path.Combine(folder, "environ"))];
            return environment.AsSpan().IndexOf(mark) >= 0;
        }
        catch (Exception gone) when (gone is IOException or UnauthorizedAccessException)
        {
            return false; // it has ended meanwhile, or is another user's
        }
    }
}
