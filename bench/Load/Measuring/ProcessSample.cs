using System.Globalization;

namespace Trinity.Bench.Load.Measuring;

/// <summary>What a process and its children have used: processor time since their start, memory now and at most. From <c>/proc</c>.</summary>
internal readonly record struct ProcessSample(TimeSpan Cpu, long ResidentBytes, long PeakBytes)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux that .NET runs on

    public static ProcessSample Of(int processId)
    {
        double ticks = 0;
        long resident = 0;
        long peak = 0;
        foreach (var id in WithChildren(processId))
        {
            if (Stat(id) is { } stat)
            {
                ticks += long.Parse(stat[11], CultureInfo.InvariantCulture) + long.Parse(stat[12], CultureInfo.InvariantCulture);
                resident += long.Parse(stat[21], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
                peak += PeakOf(id);
            }
        }

        return new ProcessSample(TimeSpan.FromSeconds(ticks / TicksPerSecond), resident, Math.Max(peak, resident));
    }

    /// <summary>From here on the peak is counted anew.</summary>
    public static void ResetPeak(int processId)
    {
        foreach (var id in WithChildren(processId))
        {
            File.WriteAllText($"/proc/{id}/clear_refs", "5");
        }
    }

    private static List<int> WithChildren(int processId)
    {
        var parent = processId.ToString(CultureInfo.InvariantCulture);
        return
        [
            processId,
            .. Directory.EnumerateDirectories("/proc")
                .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
                .Where(id => id > 0 && Stat(id) is { } stat && stat[1] == parent),
        ];
    }

    // The fields after the name, which may hold anything: state, parent, … (see proc(5), there from field 3). Null when the process is gone.
    private static string[]? Stat(int processId) => Read($"/proc/{processId}/stat") is { } text ? text[(text.LastIndexOf(')') + 2)..].Split(' ') : null;

    private static long PeakOf(int processId)
    {
        const string Name = "VmHWM:";
        var line = Read($"/proc/{processId}/status")?.Split('\n').FirstOrDefault(line => line.StartsWith(Name, StringComparison.Ordinal));
        return line is null ? 0 : long.Parse(line[Name.Length..].Replace("kB", "", StringComparison.Ordinal), CultureInfo.InvariantCulture) * 1024;
    }

    private static string? Read(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (IOException)
        {
            return null; // it ended between listing and reading
        }
    }
}
