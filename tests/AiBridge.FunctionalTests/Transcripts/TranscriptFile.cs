using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Trinity.AiBridge.FunctionalTests.Transcripts;

/// <summary>The text of a golden transcript: what behaviour it shows, then sections, each begun by a line <c>-- name --</c>.</summary>
/// <remarks>A section is every byte up to the next such line, the last line end included.</remarks>
internal sealed class TranscriptFile
{
    private const string Open = "-- ";
    private const string Close = " --";

    private readonly Dictionary<string, Section> _sections = new(StringComparer.Ordinal);

    private TranscriptFile(string name) => Name = name;

    /// <summary>Folder and file name, without its ending.</summary>
    public string Name { get; }

    public IEnumerable<string> SectionNames => _sections.Keys;

    /// <exception cref="FormatException">Says what is wrong, and where.</exception>
    public static TranscriptFile Parse(string name, byte[] bytes)
    {
        var file = new TranscriptFile(name);
        var text = Encoding.Latin1.GetString(bytes); // a character for a byte: sections may hold what is no text
        string? section = null;
        var (start, line, described) = (0, 0, false);
        for (var at = 0; at < text.Length;)
        {
            line++;
            var end = text.IndexOf('\n', at) is var feed and >= 0 ? feed + 1 : text.Length;
            var content = text[at..end].TrimEnd('\n');
            if (IsMarker(content, out var next))
            {
                file.End(section, text[start..at]);
                file.Begin(next, line);
                (section, start) = (next, end);
            }
            else
            {
                described |= section is null && content.Length > 0;
            }

            at = end;
        }

        file.End(section, text[Math.Min(start, text.Length)..]);
        return described ? file : throw file.Error("says nothing of the behaviour that it shows; it must begin with that");
    }

    public bool Has(string section) => _sections.ContainsKey(section);

    /// <summary>The section for one mode, <c>request streaming</c>, or else the one for both, <c>request</c>.</summary>
    public bool TryGet(string section, string mode, [NotNullWhen(true)] out byte[]? bytes, out string name)
    {
        name = Has($"{section} {mode}") ? $"{section} {mode}" : section;
        bytes = _sections.GetValueOrDefault(name)?.Bytes;
        return bytes is not null;
    }

    public FormatException Error(string what) => new($"{Name}.txt {what}.");

    public FormatException Error(string section, string what) => new($"{Name}.txt, line {_sections[section].Line}: section '{section}' {what}.");

    private static bool IsMarker(string line, out string section)
    {
        var isMarker = line.Length > Open.Length + Close.Length && line.StartsWith(Open, StringComparison.Ordinal) && line.EndsWith(Close, StringComparison.Ordinal);
        section = isMarker ? line[Open.Length..^Close.Length] : "";
        return isMarker;
    }

    private void Begin(string section, int line)
    {
        if (!_sections.TryAdd(section, new Section(line)))
        {
            throw new FormatException($"{Name}.txt, line {line}: there is a section '{section}' already, at line {_sections[section].Line}.");
        }
    }

    private void End(string? section, string text)
    {
        if (section is not null)
        {
            _sections[section].Bytes = Encoding.Latin1.GetBytes(text);
        }
    }

    private sealed class Section(int line)
    {
        public int Line => line;

        public byte[] Bytes { get; set; } = [];
    }
}
