namespace Trinity.Shared.Tests.Architecture;

public sealed class RepositoryRulesTests
{
    [Theory]
    [InlineData("src/AiBridge/AiBridge.csproj", "../Shared/Shared.csproj", 0)]
    [InlineData("src/AiBridge/AiBridge.csproj", "..\\Shared\\Shared.csproj", 0)]
    [InlineData("src/AiBridge/AiBridge.csproj", "../ControlPlane/ControlPlane.csproj", 1)]
    [InlineData("src/Shared/Shared.csproj", "../AiBridge/AiBridge.csproj", 1)]
    public void ProjectReferences_OtherThanShared_AreFound(string path, string include, int expected)
    {
        var project = new SourceFile(path, $"""<Project><ItemGroup><ProjectReference Include="{include}" /></ItemGroup></Project>""");
        Assert.Equal(expected, RepositoryRules.ProjectReferences(project).Count());
    }

    [Theory]
    [InlineData("""<PackageVersion Include="A" Version="1" />   <!-- does what we need -->""", 0)]
    [InlineData("""<PackageVersion Include="A" Version="1" />""", 1)]
    [InlineData("""<PackageVersion Include="A" Version="1" /> <!-- -->""", 1)]
    [InlineData("""<PackageVersion Include="A" Version="1" /> <!-- useful -->""", 1)]
    [InlineData("<!-- does what we need -->\n<PackageVersion Include=\"A\" Version=\"1\" />", 1)]
    public void PackagesWithoutReason_AreFound(string text, int expected) =>
        Assert.Equal(expected, RepositoryRules.PackagesWithoutReason(new SourceFile("Directory.Packages.props", text)).Count());

    [Theory]
    [InlineData("""{"a":1}""", 0)]
    [InlineData("""{"a":1,}""", 1)]
    [InlineData("""{"a":1,"a":2}""", 1)]
    [InlineData("// no\n{}", 1)]
    [InlineData("", 1)]
    public void UnreadableJson_IsFound(string text, int expected) =>
        Assert.Equal(expected, RepositoryRules.UnreadableJson(new SourceFile("config/a.json", text)).Count());

    [Theory]
    [InlineData("""{"LogFormat":"text","Logging":{"Any":1},"AiBridge":{"Listen":"x","Deadline":"y"}}""", 0)]
    [InlineData("""{"LogFormats":"text"}""", 1)]
    [InlineData("""{"AiBridge":{"Listens":"x","Deadlines":"y"}}""", 2)]
    [InlineData("""{"AiBridge":{"ReadOnly":"x"}}""", 1)]
    [InlineData("""{"ControlPlane":{"Anything":"x"}}""", 0)] // has no options class in this example
    public void UnknownSettings_AreFound(string json, int expected)
    {
        SourceFile[] sources =
        [
            new("src/Shared/TrinityOptions.cs", "public sealed class TrinityOptions { public string LogFormat { get; set; } = \"text\"; }"),
            new("src/AiBridge/AiBridgeOptions.cs", "internal sealed class AiBridgeOptions { public required string Listen { get; init; } public TimeSpan? Deadline { get; set; } public bool ReadOnly { get; } }"),
        ];
        Assert.Equal(expected, RepositoryRules.UnknownSettings(new SourceFile("config/trinity.json", json), sources).Count());
    }

    [Theory]
    [InlineData("see /home/somebody/trinity/README.md", 1)]
    [InlineData("see /Users/somebody/trinity", 1)]
    [InlineData(@"see C:\Users\somebody", 1)]
    [InlineData("built in /builds/42/trinity/src", 1)]
    [InlineData("/home/agent/.claude and /home/developer/work and https://example.com/home/page/ and ~/trinity and /usr/lib/postgresql", 0)]
    public void MachinePaths_AreFound(string text, int expected) =>
        Assert.Equal(expected, RepositoryRules.MachinePaths(new SourceFile("docs/a.md", text), "/builds/42/trinity").Count());

    [Fact]
    public void MachinePaths_RepositoryNearTheRoot_ProvesNothing() =>
        Assert.Empty(RepositoryRules.MachinePaths(new SourceFile("deploy/Dockerfile", "COPY . /src"), "/src"));
}
