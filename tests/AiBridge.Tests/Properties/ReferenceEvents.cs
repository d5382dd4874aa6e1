using System.Text;
using System.Text.RegularExpressions;

namespace Trinity.AiBridge.Tests.Properties;

/// <summary>The plainest reader of server-sent events there is, of a stream that is already complete. Bytes stand for characters of Latin-1, so that none is lost.</summary>
internal sealed partial record ReferenceEvents
{
    /// <summary>The events in order, each with the bytes it is made of; those without data are not reported.</summary>
    public required IReadOnlyList<ReferenceEvent> All { get; init; }

    /// <summary>The bytes behind the last event.</summary>
    public required string Rest { get; init; }

    public IEnumerable<(string Name, string Data)> Reported => All.Where(each => each.Data is not null).Select(each => (Utf8(each.Name), Utf8(each.Data!)));

    public static ReferenceEvents Read(byte[] bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        var events = new List<ReferenceEvent>();
        var data = new List<string>();
        var (name, start) = ("", 0);
        foreach (Match match in WholeLine().Matches(text))
        {
            var line = match.Groups["text"].Value;
            line = match.Index == 0 && line.StartsWith("\u00ef\u00bb\u00bf", StringComparison.Ordinal) ? line[3..] : line;
            if (line.Length == 0)
            {
                var end = match.Index + match.Length;
                events.Add(new ReferenceEvent(text[start..end], name, data.Count == 0 ? null : string.Join('\n', data)));
                (name, start) = ("", end);
                data.Clear();
                continue;
            }

            var parts = line.Split(':', 2);
            var value = parts.Length == 1 ? "" : parts[1].StartsWith(' ') ? parts[1][1..] : parts[1];
            name = parts[0] == "event" ? value : name;
            if (parts[0] == "data")
            {
                data.Add(value);
            }
        }

        return new ReferenceEvents { All = events, Rest = text[start..] };
    }

    private static string Utf8(string latin) => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(latin));

    [GeneratedRegex(@"\G(?<text>[^\r\n]*)(\r\n|\n|\r)", RegexOptions.ExplicitCapture, 10_000)]
    private static partial Regex WholeLine();
}

/// <summary>One event, as Latin-1.</summary>
internal sealed record ReferenceEvent(string Text, string Name, string? Data)
{
    public byte[] Bytes => Encoding.Latin1.GetBytes(Text);

    public byte[] DataBytes => Encoding.Latin1.GetBytes(Data ?? "");
}
