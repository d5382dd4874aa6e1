namespace Trinity.Shared.Tests.Architecture;

/// <summary>The rules, applied to this repository. That each of them can fail is shown beside it, on made-up input.</summary>
public sealed class ArchitectureTests
{
    private static readonly IReadOnlyList<SourceFile> Sources = Repository.Files("src", ".cs");
    private static readonly IReadOnlyList<SourceFile> SourcesAndTests = [.. Sources, .. Repository.Files("tests", ".cs")];

    [Fact]
    public void Sources_AreFound()
    {
        Assert.Contains(Sources, file => file.Path == "src/Shared/Secrets/SecretString.cs");
        Assert.Contains(SourcesAndTests, file => file.Path == "tests/Shared.Tests/Architecture/ArchitectureTests.cs");
    }

    [Fact]
    public void Sources_DrawNoForbiddenArrow() => AssertNone(new ArrowChecker(Sources).Violations(ArrowRules.Forbidden));

    [Fact]
    public void Projects_ReferenceSharedAtMost() => AssertNone(Repository.Files("src", ".csproj").SelectMany(RepositoryRules.ProjectReferences));

    [Fact]
    public void Sources_ImportNoneOfOursGlobally() => AssertNone(SourceRules.GlobalUsings(Repository.Files("src", ".cs", ".csproj", ".props")));

    [Fact]
    public void Sources_LeaveTheContainerEngineToContainers() => AssertNone(SourceRules.EngineSockets(Sources));

    [Fact]
    public void Snapshot_IsReadOncePerRequest() => AssertNone(SourceRules.ForbiddenSnapshotReads(Sources));

    [Fact]
    public void Files_AreShort() => AssertNone(SourceRules.TooLong(
        [.. SourcesAndTests, .. Repository.Files("src", ".razor", ".css"), .. Repository.Files("bench", ".cs"), .. Repository.Files("eng", ".sh", ".py")]));

    [Fact]
    public void Namespaces_EqualFolders() => AssertNone(SourceRules.WrongNamespace(SourcesAndTests));

    [Fact]
    public void Files_HaveNoRegions() => AssertNone(SourceRules.Regions(SourcesAndTests));

    [Fact]
    public void EventIds_AreUniqueAndInTheirBlock() => AssertNone(SourceRules.EventIds(Sources));

    [Fact]
    public void Packages_SayWhy() => AssertNone(RepositoryRules.PackagesWithoutReason(File("Directory.Packages.props")));

    [Fact]
    public void Configuration_Parses() => AssertNone(Repository.Files("config", ".json").SelectMany(RepositoryRules.UnreadableJson));

    [Fact]
    public void Configuration_HasNoUnknownKey() => AssertNone(RepositoryRules.UnknownSettings(File("config/trinity.json"), Sources));

    [Fact]
    public void Files_NameNoPathOfOneMachine() => AssertNone(Repository.Files("")
        .Where(file => file.Path != "tests/Shared.Tests/Architecture/RepositoryRulesTests.cs") // whose examples are such paths
        .SelectMany(file => RepositoryRules.MachinePaths(file, Repository.Root)));

    private static SourceFile File(string path) => new(path, System.IO.File.ReadAllText(Path.Combine(Repository.Root, path)));

    private static void AssertNone(IEnumerable<string> violations)
    {
        var found = violations.ToList();
        Assert.True(found.Count == 0, string.Join('\n', found));
    }
}
