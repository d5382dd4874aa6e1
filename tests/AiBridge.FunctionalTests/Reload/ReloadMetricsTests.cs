using System.Globalization;
using Trinity.AiBridge.FunctionalTests.Hosting;
using Trinity.AiBridge.FunctionalTests.Support;

namespace Trinity.AiBridge.FunctionalTests.Reload;

[Collection(RunsAlone.Name)] // meters of one name are shared by the hosts of a process
public sealed class ReloadMetricsTests
{
    private const string Histogram = "trinity_config_commit_to_applied_seconds";

    [Fact]
    public async Task Metrics_AfterAChange_TellItsRevisionAndHowLongItTook()
    {
        await using var bench = await TestBench.StartAsync(["anthropic"]);
        await ReplicaRow.WhenAsync(bench, row => row.Generation > 0, "the first report, which measures nothing, is done");
        var before = Samples(await bench.Client.GetStringAsync("/metrics", Timeouts.Token)).GetValueOrDefault(Histogram + "_count");
        await bench.Database.ExecuteAsync("update config_revision set revision = 7000000"); // a number that nothing else has

        var revision = await bench.Config.SetKeysAsync("anthropic", "sk-measured-0123456789");
        await ReplicaRow.WhenAsync(bench, row => row.Generation == revision, "it is applied and reported");

        Dictionary<string, double> samples = [];
        await Eventually.TrueAsync(
            async () => (samples = Samples(await bench.Client.GetStringAsync("/metrics", Timeouts.Token))).GetValueOrDefault(Histogram + "_count") > before,
            "the change is measured");
        Assert.Equal(revision, samples["trinity_config_applied_revision"]);
        Assert.InRange(samples[Histogram + "_sum"] / samples[Histogram + "_count"], 0, 30);
        var buckets = samples.Where(sample => sample.Key.StartsWith(Histogram + "_bucket{", StringComparison.Ordinal)).Select(sample => sample.Value).ToList();
        Assert.Equal(12, buckets.Count);
        Assert.Equal(buckets.Order(), buckets);
        Assert.Equal(samples[Histogram + "_count"], samples[Histogram + "_bucket{le=\"+Inf\"}"]);
        Assert.True(samples["trinity_config_reloads_total{result=\"success\"}"] >= 2);
        Assert.True(samples["trinity_providers_last_reload_success_timestamp_seconds"] > 1_700_000_000);
    }

    /// <summary>Name and labels to value; throws on a line that is neither a sample nor a comment.</summary>
    private static Dictionary<string, double> Samples(string text) => text
        .Split('\n', StringSplitOptions.RemoveEmptyEntries)
        .Where(line => !line.StartsWith('#'))
        .ToDictionary(line => line[..line.LastIndexOf(' ')], line => double.Parse(line[(line.LastIndexOf(' ') + 1)..], CultureInfo.InvariantCulture), StringComparer.Ordinal);
}
