using System.Globalization;
using System.Text;
using OpenTelemetry;
using OpenTelemetry.Metrics;

namespace Trinity.Shared.Hosting;

/// <summary>Renders what the OpenTelemetry SDK collected as Prometheus text (exposition format 0.0.4).</summary>
[ExportModes(ExportModes.Pull)]
internal sealed class PrometheusText : BaseExporter<Metric>, IPullMetricExporter
{
    private readonly StringBuilder _text = new();

    /// <summary>Set by the reader; the only way to make a pull exporter's reader collect.</summary>
    public Func<int, bool>? Collect { get; set; }

    /// <summary>Only the scrape that holds <see cref="PrometheusScraper"/>'s lock collects and then reads this.</summary>
    public string Render() => _text.ToString();

    public override ExportResult Export(in Batch<Metric> batch)
    {
        _text.Clear();
        foreach (var metric in batch)
        {
            Append(metric);
        }

        return ExportResult.Success;
    }

    private void Append(Metric metric)
    {
        var isCounter = metric.MetricType is MetricType.LongSum or MetricType.DoubleSum;
        var isHistogram = metric.MetricType is MetricType.Histogram;
        if (metric.MetricType is MetricType.ExponentialHistogram)
        {
            return; // none of our instruments asks for one
        }

        var name = Name(metric, isCounter);
        _text.Append("# HELP ").Append(name).Append(' ').Append(metric.Description.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal)).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(isHistogram ? " histogram\n" : isCounter ? " counter\n" : " gauge\n");
        foreach (ref readonly var point in metric.GetMetricPoints())
        {
            var labels = Labels(point.Tags);
            if (isHistogram)
            {
                AppendHistogram(name, labels, point);
            }
            else
            {
                AppendSample(name, labels, metric.MetricType switch
                {
                    MetricType.LongSum or MetricType.LongSumNonMonotonic => point.GetSumLong(),
                    MetricType.DoubleSum or MetricType.DoubleSumNonMonotonic => point.GetSumDouble(),
                    MetricType.LongGauge => point.GetGaugeLastValueLong(),
                    _ => point.GetGaugeLastValueDouble(),
                });
            }
        }
    }

    private void AppendHistogram(string name, string labels, in MetricPoint point)
    {
        long cumulative = 0;
        foreach (var bucket in point.GetHistogramBuckets())
        {
            cumulative += bucket.BucketCount;
            var bound = Number(bucket.ExplicitBound);
            AppendSample(name + "_bucket", labels.Length == 0 ? $"le=\"{bound}\"" : $"{labels},le=\"{bound}\"", cumulative);
        }

        AppendSample(name + "_sum", labels, point.GetHistogramSum());
        AppendSample(name + "_count", labels, point.GetHistogramCount());
    }

    private void AppendSample(string name, string labels, double value)
    {
        _text.Append(name);
        if (labels.Length > 0)
        {
            _text.Append('{').Append(labels).Append('}');
        }

        _text.Append(' ').Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => value switch
    {
        double.PositiveInfinity => "+Inf",
        double.NegativeInfinity => "-Inf",
        _ => value.ToString(CultureInfo.InvariantCulture),
    };

    private static string Name(Metric metric, bool isCounter)
    {
        const string total = "_total";
        var name = Identifier(metric.Name);
        if (isCounter && name.EndsWith(total, StringComparison.Ordinal))
        {
            name = name[..^total.Length];
        }

        var suffix = metric.Unit switch { "s" => "_seconds", "By" => "_bytes", _ => "" };
        if (!name.EndsWith(suffix, StringComparison.Ordinal))
        {
            name += suffix;
        }

        return isCounter ? name + total : name;
    }

    // OpenTelemetry allows dots, hyphens and slashes in names; Prometheus allows none of them.
    private static string Identifier(string name) => name.Replace('.', '_').Replace('-', '_').Replace('/', '_');

    private static string Labels(ReadOnlyTagCollection tags)
    {
        var labels = new StringBuilder();
        foreach (var (key, value) in tags)
        {
            if (labels.Length > 0)
            {
                labels.Append(',');
            }

            var text = Convert.ToString(value, CultureInfo.InvariantCulture) ?? "";
            labels.Append(Identifier(key)).Append("=\"")
                .Append(text.Replace("\\", @"\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal).Replace("\n", "\\n", StringComparison.Ordinal))
                .Append('"');
        }

        return labels.ToString();
    }
}
