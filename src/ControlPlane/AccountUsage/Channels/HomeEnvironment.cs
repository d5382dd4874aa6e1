using System.Text;

namespace Trinity.ControlPlane.AccountUsage.Channels;

/// <summary>The variables that a home's <c>.env</c> sets: <c>KEY=value</c> by line, <c>export</c>, quotes and comments as shells have them. Nothing is expanded.</summary>
internal static class HomeEnvironment
{
    public const string FileName = ".env";

    /// <summary>Variables that decide which code a process runs, or whom it trusts: those are not a home's to set.</summary>
    private static readonly string[] Refused = ["LD_", "DOTNET_", "COMPlus_", "CORECLR_", "ASPNETCORE_", "TRINITY_", "SSL_CERT_", "OPENSSL_", "GLIBC_", "GCONV_", "PATH", "HOME"];

    /// <summary>Never throws: a file that is missing or damaged sets nothing, as does a line that cannot be read. The last line of a name counts.</summary>
    public static IReadOnlyDictionary<string, string> Read(string home)
    {
        var variables = new Dictionary<string, string>(StringComparer.Ordinal);
        if (HomeFile.Read(Path.Combine(home, FileName)).Content is { } content)
        {
            foreach (var line in Encoding.UTF8.GetString(content).TrimStart('\uFEFF').AsSpan().EnumerateLines())
            {
                if (Parse(line) is var (name, value) && !Array.Exists(Refused, start => name.StartsWith(start, StringComparison.OrdinalIgnoreCase)))
                {
                    variables[name] = value;
                }
            }
        }

        return variables;
    }

    private static (string Name, string Value)? Parse(ReadOnlySpan<char> line)
    {
        const string export = "export";
        line = line.Trim();
        if (line.StartsWith(export, StringComparison.Ordinal) && line.Length > export.Length && char.IsWhiteSpace(line[export.Length]))
        {
            line = line[export.Length..].TrimStart();
        }

        var equals = line.IndexOf('=');
        return equals > 0 && IsName(line[..equals].TrimEnd()) && Value(line[(equals + 1)..].TrimStart()) is { } value && !value.Contains('\0', StringComparison.Ordinal)
            ? (line[..equals].TrimEnd().ToString(), value)
            : null;
    }

    private static bool IsName(ReadOnlySpan<char> name)
    {
        foreach (var character in name)
        {
            if (!char.IsAsciiLetterOrDigit(character) && character != '_')
            {
                return false;
            }
        }

        return name.Length > 0 && !char.IsAsciiDigit(name[0]);
    }

    private static string? Value(ReadOnlySpan<char> text) => text switch
    {
        ['\'', ..] => SingleQuoted(text[1..]),
        ['"', ..] => DoubleQuoted(text[1..]),
        _ => Plain(text),
    };

    // A # begins a comment at a word's beginning only: tokens may hold one.
    private static string Plain(ReadOnlySpan<char> text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (text[i] == '#' && (i == 0 || char.IsWhiteSpace(text[i - 1])))
            {
                text = text[..i];
            }
        }

        return text.TrimEnd().ToString();
    }

    private static string? SingleQuoted(ReadOnlySpan<char> text)
    {
        var end = text.IndexOf('\'');
        return end >= 0 && IsOver(text[(end + 1)..]) ? text[..end].ToString() : null;
    }

    private static string? DoubleQuoted(ReadOnlySpan<char> text)
    {
        var value = new StringBuilder();
        for (var i = 0; i < text.Length; i++)
        {
            switch (text[i])
            {
                case '"':
                    return IsOver(text[(i + 1)..]) ? value.ToString() : null;
                case '\\' when i + 1 < text.Length:
                    i++;
                    value.Append(text[i] switch { 'n' => "\n", 'r' => "\r", 't' => "\t", '"' => "\"", '\\' => "\\", '$' => "$", '`' => "`", _ => $"\\{text[i]}" });
                    break;
                default:
                    value.Append(text[i]);
                    break;
            }
        }

        return null; // never closed
    }

    private static bool IsOver(ReadOnlySpan<char> rest) => rest.IsWhiteSpace() || (char.IsWhiteSpace(rest[0]) && rest.TrimStart()[0] == '#');
}
