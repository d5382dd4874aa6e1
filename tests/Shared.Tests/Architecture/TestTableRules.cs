using System.Text.RegularExpressions;

namespace Trinity.Shared.Tests.Architecture;

/// <summary>Rules over tables that say which test or transcript covers what: they must not outlive what they name. Each returns one line per violation.</summary>
internal static partial class TestTableRules
{
    private const string FixturesFolder = "/Fixtures/";

    /// <summary>Tests, as <c>SomeTests.Unit_Condition_Outcome</c>, that no test source has.</summary>
    public static IEnumerable<string> UnknownTests(SourceFile table, IReadOnlyList<SourceFile> sources) =>
        from name in TestName().Matches(table.Text)
        let type = name.Groups["type"].Value
        let method = name.Groups["method"].Value
        where !sources.Any(source => source.Name == type + ".cs" && source.Code.Contains($" {method}(", StringComparison.Ordinal))
        select $"{table}: there is no test {type}.{method}.";

    /// <summary>Transcripts, as <c>folder/name</c>, that the table names although there are none, or leaves out.</summary>
    public static IEnumerable<string> Transcripts(SourceFile table, IReadOnlyList<SourceFile> files)
    {
        var existing = files.Where(file => file.Path.Contains(FixturesFolder, StringComparison.Ordinal))
            .Select(file => file.Path[(file.Path.IndexOf(FixturesFolder, StringComparison.Ordinal) + FixturesFolder.Length)..^".txt".Length]).ToHashSet(StringComparer.Ordinal);
        var folders = existing.Select(name => name.Split('/')[0]).ToHashSet(StringComparer.Ordinal);
        var named = TranscriptName().Matches(table.Text).Select(match => match.Groups["name"].Value).Where(name => folders.Contains(name.Split('/')[0])).ToHashSet(StringComparer.Ordinal);
        return named.Except(existing).Select(name => $"{table}: there is no transcript {name}.")
            .Concat(existing.Except(named).Select(name => $"{table}: leaves out the transcript {name}."));
    }

    [GeneratedRegex(@"`(?<type>[A-Z]\w*Tests)\.(?<method>[A-Z]\w*)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TestName();

    [GeneratedRegex("`(?<name>[a-z0-9-]+/[a-z0-9-]+)`", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex TranscriptName();
}
