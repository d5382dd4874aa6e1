using System.Globalization;
using System.Reflection;
using System.Text;
using BenchmarkDotNet.Environments;
using BenchmarkDotNet.Reports;

namespace Trinity.Bench.Micro;

/// <summary>The results as Markdown, with the machine they were measured on.</summary>
internal static class MicroReport
{
    public static string Of(IReadOnlyList<Summary> summaries)
    {
        var host = HostEnvironmentInfo.GetCurrent();
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"""
            # Micro-benchmarks

            `dotnet run -c Release --project bench/Micro -- --filter '*' --report bench/results/micro.md`

            {ProcessorName()}, {Environment.ProcessorCount} logical cores; {host.RuntimeVersion}; BenchmarkDotNet {host.BenchmarkDotNetVersion}, short job, in one process; commit {Commit()}.
            Three iterations each: times tell the order of magnitude, bytes are exact.

            | what | mean | standard deviation | allocated |
            |---|---:|---:|---:|

            """);
        foreach (var report in summaries.SelectMany(summary => summary.Reports))
        {
            text.Append(CultureInfo.InvariantCulture, $"| {report.BenchmarkCase.Descriptor.Type.Name.Replace("Benchmarks", "", StringComparison.Ordinal)}: {report.BenchmarkCase.Descriptor.WorkloadMethodDisplayInfo.Trim('\'')} ");
            text.Append(report.ResultStatistics is { } statistics
                ? string.Create(CultureInfo.InvariantCulture, $"| {Time(statistics.Mean)} | ±{Time(statistics.StandardDeviation)} | {report.GcStats.GetBytesAllocatedPerOperation(report.BenchmarkCase) ?? 0:N0} B |\n")
                : "| failed | | |\n");
        }

        return text.ToString();
    }

    // The SDK adds it to the version.
    private static string Commit() =>
        typeof(MicroReport).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+') is [_, { Length: >= 7 } commit] ? commit[..7] : "unknown";

    private static string ProcessorName() =>
        File.ReadLines("/proc/cpuinfo").FirstOrDefault(line => line.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? "unknown processor";

    private static string Time(double nanoseconds) => nanoseconds switch
    {
        < 1_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds:0.0} ns"),
        < 1_000_000 => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1_000:0.00} µs"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{nanoseconds / 1_000_000:0.00} ms"),
    };
}
