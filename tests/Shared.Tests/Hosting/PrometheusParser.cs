using System.Globalization;
using System.Text.RegularExpressions;

namespace Trinity.Shared.Tests.Hosting;

/// <summary>A strict reader of Prometheus text format 0.0.4: anything that a scraper could stumble over throws.</summary>
internal sealed partial class PrometheusParser
{
    private readonly Dictionary<string, string> _types = new(StringComparer.Ordinal);
    private readonly Dictionary<string, string> _help = new(StringComparer.Ordinal);
    private readonly List<PrometheusSample> _samples = [];
    private string _family = "";

    public IReadOnlyDictionary<string, string> Types => _types;

    public IReadOnlyDictionary<string, string> Help => _help;

    public IReadOnlyList<PrometheusSample> Samples => _samples;

    public static PrometheusParser Parse(string text)
    {
        var parser = new PrometheusParser();
        if (text.Length > 0 && !text.EndsWith('\n'))
        {
            throw new FormatException("The last line has no end.");
        }

        foreach (var line in text.Split('\n')[..^1])
        {
            parser.ReadLine(line);
        }

        return parser;
    }

    public double Value(string name, params (string Name, string Value)[] labels) =>
        _samples.Single(sample => sample.Name == name && sample.HasExactly(labels)).Value;

    private void ReadLine(string line)
    {
        if (HelpPattern().Match(line) is { Success: true } help)
        {
            _family = help.Groups["name"].Value;
            Once(_help.TryAdd(_family, help.Groups["text"].Value), line);
        }
        else if (TypePattern().Match(line) is { Success: true } type)
        {
            Once(type.Groups["name"].Value == _family && _types.TryAdd(_family, type.Groups["type"].Value), line);
        }
        else if (SamplePattern().Match(line) is { Success: true } sample)
        {
            ReadSample(sample, line);
        }
        else
        {
            throw new FormatException($"Not a line of the format: {line}");
        }
    }

    private void ReadSample(Match match, string line)
    {
        var name = match.Groups["name"].Value;
        var suffix = name.StartsWith(_family, StringComparison.Ordinal) ? name[_family.Length..] : "?";
        var isAllowed = _types[_family] == "histogram" ? suffix is "_bucket" or "_sum" or "_count" : suffix.Length == 0;
        Once(isAllowed, line);
        var labels = match.Groups["label"].Captures
            .Zip(match.Groups["value"].Captures, (label, value) => KeyValuePair.Create(label.Value, Unescape(value.Value)))
            .ToDictionary(StringComparer.Ordinal); // throws on a label that is there twice
        var number = match.Groups["number"].Value switch
        {
            "+Inf" => double.PositiveInfinity,
            "-Inf" => double.NegativeInfinity,
            var text => double.Parse(text, NumberStyles.Float, CultureInfo.InvariantCulture),
        };
        var sample = new PrometheusSample(name, labels, number);
        Once(!_samples.Exists(other => other.Name == name && other.HasExactly([.. labels.Select(label => (label.Key, label.Value))])), line);
        _samples.Add(sample);
    }

    private static void Once(bool holds, string line)
    {
        if (!holds)
        {
            throw new FormatException($"Repeated, or in the wrong place: {line}");
        }
    }

    private static string Unescape(string value) => EscapePattern().Replace(value, match => match.Value == "\\n" ? "\n" : match.Value[1..]);

    [GeneratedRegex("""^# HELP (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<text>([^\\]|\\\\|\\n)*)$""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex HelpPattern();

    [GeneratedRegex("^# TYPE (?<name>[a-zA-Z_:][a-zA-Z0-9_:]*) (?<type>counter|gauge|histogram)$", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TypePattern();

    [GeneratedRegex("""^(?<name>[a-zA-Z_:][a-zA-Z0-9_:]*)(\{((^|,|(?<=\{))(?<label>[a-zA-Z_][a-zA-Z0-9_]*)="(?<value>([^"\\]|\\\\|\\"|\\n)*)")+\})? (?<number>[+-]Inf|NaN|-?[0-9.]+(E[+-]?[0-9]+)?)$""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex SamplePattern();

    [GeneratedRegex("""\\(\\|"|n)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex EscapePattern();
}

/// <summary>One line of a scrape.</summary>
internal sealed record PrometheusSample(string Name, IReadOnlyDictionary<string, string> Labels, double Value)
{
    public bool HasExactly((string Name, string Value)[] labels) =>
        labels.Length == Labels.Count && Array.TrueForAll(labels, label => Labels.TryGetValue(label.Name, out var value) && value == label.Value);
}
