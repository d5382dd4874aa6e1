using System.Globalization;

namespace Trinity.Bench.Load.Peers;

/// <summary>Reads the bridge's own counters.</summary>
internal static class BridgeCounters
{
    public const string AllocatedBytes = "dotnet_gc_heap_total_allocated_bytes_total";
    public const string RecordsDropped = "trinity_records_dropped_total";

    /// <summary>A counter's value, all its series together; null when it was never counted up.</summary>
    public static async Task<long?> ReadAsync(HttpClient http, Place bridge, string name) => Parse(await http.GetStringAsync(new Uri(bridge.Url, "/metrics")), name);

    public static long? Parse(string metrics, string name)
    {
        var values = metrics.Split('\n')
            .Where(line => line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] is ' ' or '{')
            .Select(line => line[(line.LastIndexOf(' ') + 1)..])
            .ToList();
        return values.Count == 0 ? null : (long)values.Sum(value => double.Parse(value, CultureInfo.InvariantCulture));
    }
}
