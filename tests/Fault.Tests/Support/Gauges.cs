using System.Globalization;

namespace Trinity.Fault.Tests.Support;

/// <summary>The samples of one scrape of a replica, by name and labels.</summary>
internal sealed class Gauges(IReadOnlyDictionary<string, double> samples)
{
    private static readonly string[] OfWork = ["trinity_interceptions_inflight", "trinity_bridge_leases", "trinity_bridges_draining"];

    public static async Task<Gauges> ReadAsync(HttpClient client, string url) => new((await client.GetStringAsync($"{url}/metrics", Timeouts.Token))
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => !line.StartsWith('#'))
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture), StringComparer.Ordinal));

    /// <summary>The sum of a name's samples over their labels; a name that is not there is an error.</summary>
    public double Sum(string name)
    {
        var found = samples.Where(sample => sample.Key.Split('{')[0] == name).Select(sample => sample.Value).ToList();
        Assert.True(found.Count > 0, $"There is no {name}.");
        return found.Sum();
    }

    /// <summary>What says that there is work, or nothing.</summary>
    public string Busy() => string.Join(", ", OfWork.Where(name => Sum(name) != 0).Select(name => $"{name} {Sum(name)}"));
}
