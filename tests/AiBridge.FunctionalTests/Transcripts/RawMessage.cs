using System.Text;

namespace Trinity.AiBridge.FunctionalTests.Transcripts;

/// <summary>A section in HTTP's own form: first line, headers, an empty line, body.</summary>
internal sealed record RawMessage(string FirstLine, IReadOnlyList<(string Name, string Value)> Headers, byte[] Body)
{
    public string? Header(string name) => Headers.FirstOrDefault(header => header.Name.Equals(name, StringComparison.OrdinalIgnoreCase)).Value;

    /// <exception cref="FormatException">Says what is missing.</exception>
    public static RawMessage Parse(TranscriptFile file, string section, byte[] bytes)
    {
        var text = Encoding.Latin1.GetString(bytes);
        var end = text.IndexOf("\n\n", StringComparison.Ordinal);
        if (end < 0)
        {
            throw file.Error(section, "has no empty line after its headers");
        }

        var lines = text[..end].Split('\n');
        return new RawMessage(lines[0], [.. lines[1..].Select(line => Split(file, section, line))], Encoding.Latin1.GetBytes(text[(end + 2)..]));
    }

    private static (string Name, string Value) Split(TranscriptFile file, string section, string line)
    {
        var colon = line.IndexOf(": ", StringComparison.Ordinal);
        return colon > 0 ? (line[..colon], line[(colon + 2)..]) : throw file.Error(section, $"has a line among its headers that is none: {line}");
    }
}
