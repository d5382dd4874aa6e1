namespace Trinity.Shared.Tests.Architecture;

public sealed class SourceRulesTests
{
    [Theory]
    [InlineData(400, 0)]
    [InlineData(401, 1)]
    public void TooLong_BeyondTheLimit_IsFound(int lines, int expected)
    {
        var text = string.Concat(Enumerable.Repeat("//\n", lines));
        Assert.Equal(expected, SourceRules.TooLong([new SourceFile("src/A.cs", text)]).Count());
    }

    [Theory]
    [InlineData("src/AiBridge/Proxy/A.cs", "namespace Trinity.AiBridge.Proxy;", 0)]
    [InlineData("src/AiBridge/A.cs", "namespace Trinity.AiBridge;", 0)]
    [InlineData("tests/Shared.Tests/Secrets/A.cs", "namespace Trinity.Shared.Tests.Secrets;", 0)]
    [InlineData("src/AiBridge/Program.cs", "await Task.CompletedTask;", 0)]
    [InlineData("src/AiBridge/Properties/A.cs", "[assembly: X]", 0)]
    [InlineData("src/AiBridge/Proxy/A.cs", "namespace Trinity.AiBridge;", 1)]
    [InlineData("src/AiBridge/Proxy/A.cs", "namespace Trinity.AiBridge.Proxying { class A; }", 1)]
    [InlineData("src/AiBridge/Proxy/A.cs", "// namespace Trinity.AiBridge.Proxy;\ninternal sealed class A;", 1)]
    public void WrongNamespace_OtherThanTheFolder_IsFound(string path, string text, int expected) =>
        Assert.Equal(expected, SourceRules.WrongNamespace([new SourceFile(path, text)]).Count());

    [Theory]
    [InlineData("class A;\n  #region B\n#endregion", 1)]
    [InlineData("# region B", 1)]
    [InlineData("// #region B\nclass A { string B = \"#region\"; }", 0)]
    public void Regions_AreFound(string text, int expected) => Assert.Equal(expected, SourceRules.Regions([new SourceFile("src/A.cs", text)]).Count());

    [Theory]
    [InlineData("global using Trinity.AiBridge.Reload;", 1)]
    [InlineData("global using static Trinity.AiBridge.Reload.X;", 1)]
    [InlineData("global using R = Trinity.AiBridge.Reload;", 1)]
    [InlineData("<Using Include=\"Trinity.AiBridge.Reload\" />", 1)]
    [InlineData("global using System.Text;\nusing Trinity.AiBridge.Reload;", 0)]
    public void GlobalUsings_OfOurs_AreFound(string text, int expected) =>
        Assert.Equal(expected, SourceRules.GlobalUsings([new SourceFile("src/A.cs", text)]).Count());

    [Theory]
    [InlineData("Routing/A.cs", "class A(ConfigProvider config) { object B => config.Current; }", 1)]
    [InlineData("Routing/A.cs", "class A { object B(IServiceProvider s) => s.GetRequiredService<ConfigProvider>().Current; }", 1)]
    [InlineData("Routing/A.cs", "class A(ConfigProvider c) { object B => c\n    .Current!; }", 1)]
    [InlineData("Routing/A.cs", "class A(ConfigProvider c) { object B => c?.Current; }", 1)]
    [InlineData("Proxy/Other.cs", "class A(ConfigProvider config) { object B => config.Current; }", 1)]
    [InlineData("Proxy/ProxyEndpoint.cs", "class A(ConfigProvider config) { object B => config.Current; }", 0)]
    [InlineData("Reload/ConfigReloader.cs", "class A(ConfigProvider config) { object B => config.Current; }", 0)]
    [InlineData("Telemetry/Metrics.cs", "class A(ConfigProvider config) { object B => config.Current; }", 0)]
    [InlineData("Routing/A.cs", "class A(ConfigProvider config) { object? B => Activity.Current; }", 0)]
    [InlineData("Routing/A.cs", "class A { object? B(IEnumerator e) => e.Current; }", 0)]
    [InlineData("Routing/A.cs", "class A { string B = \"ConfigProvider.Current\"; } // ConfigProvider.Current", 0)]
    public void ForbiddenSnapshotReads_AreFound(string path, string text, int expected) =>
        Assert.Equal(expected, SourceRules.ForbiddenSnapshotReads([new SourceFile("src/AiBridge/" + path, text)]).Count());

    [Theory]
    [InlineData("src/ControlPlane/Agents/A.cs", "var a = \"/var/run/docker.sock\";", 1)]
    [InlineData("src/AiBridge/Tools/A.cs", "new UnixDomainSocketEndPoint(path)", 1)]
    [InlineData("src/ControlPlane/Containers/A.cs", "new UnixDomainSocketEndPoint(\"/var/run/docker.sock\")", 0)]
    [InlineData("src/ControlPlane/Agents/A.cs", "// not docker.sock", 0)]
    public void EngineSockets_OutsideOfContainers_AreFound(string path, string text, int expected) =>
        Assert.Equal(expected, SourceRules.EngineSockets([new SourceFile(path, text)]).Count());

    [Fact]
    public void EventIds_TakenTwiceAcrossFiles_AreFound()
    {
        var violations = SourceRules.EventIds(
        [
            new SourceFile("src/AiBridge/EventIds.cs", "public const int A = 1000; public const int B = 1_001; public const string C = \"1000\";"),
            new SourceFile("src/AiBridge/Tools/ToolEventIds.cs", "public const int D = 1001;"),
        ]);
        Assert.Contains("D = 1001 is taken by src/AiBridge/EventIds.cs: B = 1001", Assert.Single(violations), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("src/AiBridge/EventIds.cs", 999, 1)]
    [InlineData("src/AiBridge/EventIds.cs", 1000, 0)]
    [InlineData("src/AiBridge/EventIds.cs", 2000, 1)]
    [InlineData("src/ControlPlane/EventIds.cs", 2000, 0)]
    [InlineData("src/Shared/SharedEventIds.cs", 1000, 1)]
    [InlineData("src/Elsewhere/EventIds.cs", 1, 1)]
    public void EventIds_OutsideOfTheBlock_AreFound(string path, int id, int expected) =>
        Assert.Equal(expected, SourceRules.EventIds([new SourceFile(path, $"public const int A = {id};")]).Count());

    [Theory]
    [InlineData("[LoggerMessage(1000, LogLevel.Debug, \"x\")]", 1)]
    [InlineData("[LoggerMessage(EventId = 7, Level = LogLevel.Debug)]", 1)]
    [InlineData("[LoggerMessage(EventIds.A, LogLevel.Debug, \"7\")]", 0)]
    public void EventIds_WrittenAsNumbers_AreFound(string text, int expected) =>
        Assert.Equal(expected, SourceRules.EventIds([new SourceFile("src/AiBridge/A.cs", text)]).Count());
}
