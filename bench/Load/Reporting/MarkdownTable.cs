using System.Globalization;
using System.Text;
using Trinity.Bench.Load.Measuring;

namespace Trinity.Bench.Load.Reporting;

/// <summary>A table whose first column is text and whose others are numbers.</summary>
internal sealed class MarkdownTable
{
    /// <summary>In place of a number that there cannot be.</summary>
    public const string None = "–";

    private readonly StringBuilder _text = new();

    public MarkdownTable(params IEnumerable<string> columns)
    {
        Row(columns);
        Row(columns.Select((_, index) => index == 0 ? "---" : "---:"));
    }

    public void Row(params IEnumerable<string> cells) => _text.Append("| ").AppendJoin(" | ", cells).Append(" |\n");

    public override string ToString() => _text.ToString();

    public static string Number(double value, string format) => double.IsFinite(value) ? value.ToString(format, CultureInfo.InvariantCulture) : None;

    public static string Number(double value, Spread rounds, string format) =>
        double.IsFinite(value) ? $"{Number(value, format)} [{Number(rounds.Lowest, format)} to {Number(rounds.Highest, format)}]" : None;
}
