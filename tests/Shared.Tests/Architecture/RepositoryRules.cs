using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Trinity.Shared.Tests.Architecture;

/// <summary>Rules over projects, package versions, configuration files and the repository's text as a whole; each returns one line per violation.</summary>
internal static partial class RepositoryRules
{
    private const int ShortestReason = 10;

    /// <summary>Sections of config/trinity.json that the framework defines.</summary>
    private static readonly string[] FrameworkSections = ["Logging"];

    /// <summary>A service references Shared and no other project; Shared references none.</summary>
    public static IEnumerable<string> ProjectReferences(SourceFile project)
    {
        var isShared = project.Path == "src/Shared/Shared.csproj";
        return XDocument.Parse(project.Text).Descendants("ProjectReference")
            .Select(reference => ((string?)reference.Attribute("Include") ?? "").Replace('\\', '/'))
            .Where(include => isShared || !include.EndsWith("/Shared/Shared.csproj", StringComparison.Ordinal))
            .Select(include => $"{project}: references {include}; services share code through Shared alone.");
    }

    /// <summary>Every package carries its reason in a comment on its line.</summary>
    public static IEnumerable<string> PackagesWithoutReason(SourceFile packages) =>
        from line in packages.Text.Split('\n')
        where line.Contains("<PackageVersion ", StringComparison.Ordinal) && !(PackageReason().Match(line) is { Success: true } reason && reason.Groups["text"].Length >= ShortestReason)
        select $"{packages}: says no reason for {line.Trim()}";

    public static IEnumerable<string> UnreadableJson(SourceFile file)
    {
        var error = ErrorOf(() => JsonDocument.Parse(file.Text, new JsonDocumentOptions { AllowDuplicateProperties = false }).Dispose());
        return error is null ? [] : [$"{file}: {error}"];
    }

    /// <summary>Keys of config/trinity.json that no options class binds: a top-level key is TrinityOptions', a section <c>X</c> is that of <c>XOptions</c>.</summary>
    public static IEnumerable<string> UnknownSettings(SourceFile config, IReadOnlyList<SourceFile> sources)
    {
        using var document = JsonDocument.Parse(config.Text);
        var shared = OptionNames(sources, "TrinityOptions");
        foreach (var setting in document.RootElement.EnumerateObject().Where(setting => !FrameworkSections.Contains(setting.Name, StringComparer.Ordinal)))
        {
            if (setting.Value.ValueKind is not JsonValueKind.Object)
            {
                if (shared?.Contains(setting.Name) == false)
                {
                    yield return $"{config}: no option {setting.Name} in TrinityOptions.";
                }

                continue;
            }

            if (OptionNames(sources, setting.Name + "Options") is { } known)
            {
                foreach (var unknown in setting.Value.EnumerateObject().Where(member => !known.Contains(member.Name)))
                {
                    yield return $"{config}: no option {unknown.Name} in {setting.Name}Options.";
                }
            }
        }
    }

    /// <summary>Paths that exist on one person's or one build's machine only.</summary>
    public static IEnumerable<string> MachinePaths(SourceFile file, string repositoryRoot)
    {
        var isDeepEnough = repositoryRoot.Count(character => character == '/') > 1; // a clone at /trinity or /src proves nothing
        return MachinePath().Matches(file.Text).Select(match => match.Value)
            .Concat(isDeepEnough && file.Text.Contains(repositoryRoot, StringComparison.Ordinal) ? [repositoryRoot] : [])
            .Distinct(StringComparer.Ordinal)
            .Select(path => $"{file}: names {path}, which is a path of one machine.");
    }

    // Null where the class does not exist (yet).
    private static HashSet<string>? OptionNames(IReadOnlyList<SourceFile> sources, string className)
    {
        var declaration = new Regex($@"\b(class|record)\s+{className}\b", RegexOptions.ExplicitCapture, TimeSpan.FromSeconds(1));
        var declaring = sources.Where(source => declaration.IsMatch(source.Code)).ToList();
        return declaring.Count == 0
            ? null
            : declaring.SelectMany(source => OptionProperty().Matches(source.Code)).Select(match => match.Groups["name"].Value).ToHashSet(StringComparer.OrdinalIgnoreCase);
    }

    private static string? ErrorOf(Action action)
    {
        try
        {
            action();
            return null;
        }
        catch (JsonException exception)
        {
            return exception.Message;
        }
    }

    [GeneratedRegex(@"/>\s*<!--\s*(?<text>.*?)\s*-->", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PackageReason();

    [GeneratedRegex(@"\bpublic\s+(required\s+)?[\w<>\[\]?.,\s]+?\s(?<name>\w+)\s*\{\s*get;\s*(set|init);", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex OptionProperty();

    // Accounts of containers and of examples are no machine's.
    [GeneratedRegex(@"(?<![\w./])(/home/(?!(agent|developer|trinity|node|user|you|me|alice|bob)\b)[a-z_][\w-]*/|/Users/(?!(you|me|alice|bob)\b)\w[\w.-]*/|[A-Z]:\\+Users\\+\w)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex MachinePath();
}
