using System.Globalization;
using Trinity.ControlPlane.AccountUsage.Channels;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>Runs only in the process that another test starts and kills.</summary>
public sealed class WorkersOwner
{
    /// <summary>The file to write the workers' process ids to.</summary>
    public const string ReportVariable = "TRINITY_TEST_WORKERS_OWNER_REPORT";

    /// <summary>An upstream that never answers.</summary>
    public const string UpstreamVariable = "TRINITY_TEST_WORKERS_OWNER_UPSTREAM";

    [Fact(Explicit = true)]
    public async Task ProbeAndWait()
    {
        var (report, upstream) = (Environment.GetEnvironmentVariable(ReportVariable), Environment.GetEnvironmentVariable(UpstreamVariable));
        Assert.SkipWhen(report is null || upstream is null, "runs only when the test of the owner's end asks for it");
        using var folder = new TemporaryDirectory();
        await using var bench = new RealProberBench(ProbeWorkerVerbTests.Verb, settings: new(new(upstream!, upstream!, upstream!), AllowPrivateUpstreams: true));
        foreach (var home in (string[])["a", "b"])
        {
            Assert.Equal(UsageVerdict.NoCredential, (await bench.ProbeAsync(folder.File(home), UsageChannels.OpenRouter)).Usage.Verdict);
        }

        Directory.CreateDirectory(folder.File("hung"));
        folder.Write("hung/.env", $"CLAUDE_CODE_OAUTH_TOKEN={Canaries.New("anthropic-oauth")}");
        var hung = bench.ProbeAsync(folder.File("hung"), UsageChannels.Anthropic);
        await Eventually.TrueAsync(() => ProbeWorkerVerbTests.Workers(folder.FullName).Count == 3, "all three run");
        await File.WriteAllLinesAsync(report + ".part", ProbeWorkerVerbTests.Workers(folder.FullName).Select(process => process.ToString(CultureInfo.InvariantCulture)), Timeouts.Token);
        File.Move(report + ".part", report!);
        await hung;
    }
}
