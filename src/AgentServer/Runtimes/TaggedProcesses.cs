using System.Globalization;
using System.Text;

namespace Trinity.AgentServer.Runtimes;

/// <summary>Finds a task's processes by the mark in their environment: also those that have left its tree, as background jobs do.</summary>
internal static class TaggedProcesses
{
    public const string Variable = "TRINITY_TASK_MARK";

    private static ReadOnlySpan<byte> Name => "TRINITY_TASK_MARK="u8;

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
    public static bool IsAnyLeft(string mark) => Left(new HashSet<string>(StringComparer.Ordinal) { mark }).Count > 0;

    /// <summary>Those marks of which any process runs, or may run.</summary>
    public static IReadOnlySet<string> Left(IReadOnlySet<string> marks)
    {
        var left = Seen(marks);
        if (left.Count < marks.Count)
        {
            left.UnionWith(Seen(marks)); // one that hands over to a child and ends while we look can be missed, once
        }

        return left;
    }

    private static int Signal(string mark, int signal) => All().Count(process => process.Mark == mark && LinuxCalls.Signal(process.Id, signal));

    private static HashSet<string> Seen(IReadOnlySet<string> marks)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (_, mark, isKnown) in All())
        {
            if (!isKnown)
            {
                return new HashSet<string>(marks, StringComparer.Ordinal); // it may be any of them
            }

            if (mark is not null && marks.Contains(mark))
            {
                seen.Add(mark);
            }
        }

        return seen;
    }

    private static IEnumerable<(int Id, string? Mark, bool IsKnown)> All()
    {
        foreach (var folder in Directory.EnumerateDirectories("/proc"))
        {
            if (int.TryParse(Path.GetFileName(folder), NumberStyles.None, CultureInfo.InvariantCulture, out var processId) && processId != Environment.ProcessId)
            {
                var isKnown = ProcessEnvironment.TryRead(folder, out var environment);
                yield return (processId, isKnown ? MarkIn(environment) : null, isKnown);
            }
        }
    }

    private static string? MarkIn(ReadOnlySpan<byte> environment)
    {
        foreach (var variable in environment.Split((byte)0))
        {
            if (environment[variable].StartsWith(Name))
            {
                return Encoding.UTF8.GetString(environment[variable][Name.Length..]);
            }
        }

        return null;
    }
}
