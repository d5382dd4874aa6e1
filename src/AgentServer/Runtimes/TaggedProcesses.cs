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

    /// <summary>Whether any of them runs, or may run.</summary>
    public static bool IsAnyLeft(string mark) => Looks(mark) || Looks(mark); // one that hands over to a child and ends while we look can be missed, once

    private static bool Looks(string mark) => Find(mark, orUnknown: true).Any();

    private static int Signal(string mark, int signal) => Find(mark, orUnknown: false).Count(processId => LinuxCalls.Signal(processId, signal));

    private static IEnumerable<int> Find(string value, bool orUnknown)
    {
        var mark = Encoding.UTF8.GetBytes($"\0{Variable}={value}\0");
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var processId) && processId != Environment.ProcessId
                && (ProcessEnvironment.TryRead(folder, out var environment) ? IsMarked(environment, mark) : orUnknown))
            {
                yield return processId;
            }
        }
    }

    private static bool IsMarked(byte[] environment, ReadOnlySpan<byte> mark) => environment.AsSpan().StartsWith(mark[1..]) || environment.AsSpan().IndexOf(mark) >= 0;
}
