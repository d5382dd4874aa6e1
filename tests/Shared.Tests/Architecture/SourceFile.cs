using System.Text.RegularExpressions;

namespace Trinity.Shared.Tests.Architecture;

/// <summary>A file of the repository; <see cref="Path"/> is relative to its root, with forward slashes.</summary>
internal sealed partial record SourceFile(string Path, string Text)
{
    /// <summary>The text without comments; string literals stay.</summary>
    public string WithoutComments => CommentOrLiteral().Replace(Text, match => match.Groups["comment"].Success ? " " : match.Value);

    /// <summary>The text without comments and without what string literals say.</summary>
    public string Code => CommentOrLiteral().Replace(Text, match => match.Groups["comment"].Success ? " " : "\"\"");

    public int Lines => Text.Length == 0 ? 0 : Text.TrimEnd('\n').Count(character => character == '\n') + 1;

    /// <summary>Such as <c>src/AiBridge/Proxy</c>.</summary>
    public string Folder => Path[..Math.Max(0, Path.LastIndexOf('/'))];

    public string Name => Path[(Path.LastIndexOf('/') + 1)..];

    public string? Namespace => NamespacePattern().Match(Code) is { Success: true } match ? match.Groups["name"].Value : null;

    public override string ToString() => Path;

    // Interpolated strings are taken as one literal: what stands in their holes is not looked at, which no rule here needs.
    [GeneratedRegex(""""(?<comment>//[^\n]*|/\*.*?\*/)|\$*"""+.*?"""+|\$?@\$?"([^"]|"")*"|\$?"([^"\\\n]|\\.)*"|'([^'\\\n]|\\.[^']*)'"""", RegexOptions.Singleline | RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex CommentOrLiteral();

    [GeneratedRegex(@"^\s*namespace\s+(?<name>[\w.]+)", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex NamespacePattern();
}
