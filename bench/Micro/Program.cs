using BenchmarkDotNet.Running;
using Trinity.Bench.Micro;

// Short and inside this process, unless asked otherwise: the whole then takes minutes, and nothing is generated and built.
List<string> arguments = [.. args];
string? report = null;
if (arguments.IndexOf("--report") is >= 0 and var option && option + 1 < arguments.Count)
{
    report = arguments[option + 1];
    arguments.RemoveRange(option, 2);
}

if (!arguments.Contains("--job") && !arguments.Contains("-j"))
{
    arguments.AddRange(["--job", "short"]);
}

if (!arguments.Contains("--inProcess") && !arguments.Contains("-i"))
{
    arguments.Add("--inProcess");
}

if (!arguments.Contains("--artifacts") && !arguments.Contains("-a"))
{
    arguments.AddRange(["--artifacts", Path.Combine(AppContext.BaseDirectory, "results")]);
}

var summaries = BenchmarkSwitcher.FromAssembly(typeof(MicroReport).Assembly).Run([.. arguments]).ToList();
if (report is not null)
{
    await File.WriteAllTextAsync(report, MicroReport.Of(summaries));
}

return summaries.Count > 0 && summaries.TrueForAll(summary => !summary.HasCriticalValidationErrors && summary.Reports.All(result => result.Success)) ? 0 : 1;
