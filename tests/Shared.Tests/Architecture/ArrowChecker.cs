using System.Text.RegularExpressions;

namespace Trinity.Shared.Tests.Architecture;

/// <summary>Finds forbidden arrows in source text: using lines, full names, partial names that resolve through an outer namespace, and bare type names.</summary>
internal sealed partial class ArrowChecker
{
    private readonly IReadOnlyList<SourceFile> _files;
    private readonly ILookup<string, string> _typesByNamespace;

    public ArrowChecker(IReadOnlyList<SourceFile> files)
    {
        _files = files;
        _typesByNamespace = files
            .Where(file => file.Namespace is not null)
            .SelectMany(file => TypePattern().Matches(file.Code).Select(type => (file.Namespace, Type: type.Groups["name"].Value)))
            .ToLookup(declared => declared.Namespace!, declared => declared.Type, StringComparer.Ordinal);
    }

    /// <summary>One line per file and arrow that it breaks.</summary>
    public IReadOnlyList<string> Violations(IEnumerable<Arrow> forbidden)
    {
        var rules = forbidden.ToList();
        return [.. _files.SelectMany(file => Check(file, SourceRules.ExpectedNamespace(file.Path), rules))];
    }

    private IEnumerable<string> Check(SourceFile file, string home, List<Arrow> rules)
    {
        var mentioned = Mentions(file.Code, home).ToHashSet(StringComparer.Ordinal);
        return from rule in rules
               where Applies(rule, home)
               from target in rule.To
               where mentioned.Any(name => IsWithin(name, target))
               select $"{file}: mentions {target}. {rule.Reason}";
    }

    private IEnumerable<string> Mentions(string code, string home)
    {
        foreach (var name in NamePattern().Matches(code).Select(match => Blank().Replace(match.Groups["name"].Value, "")).Distinct(StringComparer.Ordinal))
        {
            yield return name;

            // Inside Trinity.AiBridge.Usage, "Providers.IProvider" means Trinity.AiBridge.Providers.IProvider. Only types that exist count:
            // "Providers.Count" is a property of somebody.
            for (var outer = home; outer.Length > 0; outer = Parent(outer))
            {
                var full = $"{outer}.{name}";
                if (full.Split('.') is { Length: > 1 } parts
                    && Enumerable.Range(1, parts.Length - 1).Any(count => _typesByNamespace[string.Join('.', parts[..count])].Contains(parts[count], StringComparer.Ordinal)))
                {
                    yield return full;
                }
            }
        }
    }

    private static bool Applies(Arrow rule, string name) =>
        Array.Exists(rule.From, from => IsWithin(name, from)) && !(rule.Except ?? []).Any(except => IsException(rule, name, except));

    // The root of a service may be excepted without excepting all of the service.
    private static bool IsException(Arrow rule, string name, string except) =>
        rule.From.Contains(except, StringComparer.Ordinal) ? name == except : IsWithin(name, except);

    private static bool IsWithin(string name, string area) => name == area || name.StartsWith(area + ".", StringComparison.Ordinal);

    private static string Parent(string name) => name.LastIndexOf('.') is > 0 and var dot ? name[..dot] : "";

    // A dotted name, where no dot or letter stands before it: "snapshot.Providers.X" is one name that begins with snapshot.
    [GeneratedRegex(@"(?<![\w.])(global::)?(?<name>[A-Za-z_]\w*(\s*\.\s*[A-Za-z_]\w*)*)", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"\b(class|struct|interface|enum|record(\s+struct|\s+class)?)\s+(?<name>[A-Z]\w*)|\bdelegate\s+[\w<>?,\s]+?\s(?<name>[A-Z]\w*)\s*[(<]", RegexOptions.ExplicitCapture, 5000)]
    private static partial Regex TypePattern();

    [GeneratedRegex(@"\s+", RegexOptions.None, 1000)]
    private static partial Regex Blank();
}
