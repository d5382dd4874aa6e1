using System.Globalization;

namespace Trinity.Bench.Load.Measuring;

/// <summary>What a process and its children have used: processor time since their start, and memory now. From <c>/proc</c>.</summary>
internal readonly record struct ProcessSample(TimeSpan Cpu, long ResidentBytes)
{
    private const double TicksPerSecond = 100; // USER_HZ, the same on every Linux that .NET runs on

    public static ProcessSample Of(int processId)
    {
        var ids = new List<int> { processId };
        ids.AddRange(Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), NumberStyles.None, CultureInfo.InvariantCulture, out var id) ? id : 0)
            .Where(id => id > 0 && Stat(id) is { } stat && stat[1] == processId.ToString(CultureInfo.InvariantCulture)));
        double ticks = 0;
        long resident = 0;
        foreach (var stat in ids.Select(Stat).OfType<string[]>())
        {
            ticks += long.Parse(stat[11], CultureInfo.InvariantCulture) + long.Parse(stat[12], CultureInfo.InvariantCulture);
            resident += long.Parse(stat[21], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }

        return new ProcessSample(TimeSpan.FromSeconds(ticks / TicksPerSecond), resident);
    }

    // The fields after the name, which may hold anything: state, parent, … (see proc(5), there from field 3). Null when the process is gone.
    private static string[]? Stat(int processId)
    {
        try
        {
            var text = File.ReadAllText($"/proc/{processId}/stat");
            return text[(text.LastIndexOf(')') + 2)..].Split(' ');
        }
        catch (IOException)
        {
            return null; // it ended between listing and reading
        }
    }
}
