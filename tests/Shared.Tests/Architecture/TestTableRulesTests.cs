namespace Trinity.Shared.Tests.Architecture;

public sealed class TestTableRulesTests
{
    private const string Folder = "tests/AiBridge.FunctionalTests/Transcripts";

    [Theory]
    [InlineData("| x | `SomeTests.Unit_Works_Well` |", 0)]
    [InlineData("| x | `SomeTests.Unit_Works_Well`, `SomeTests.Unit_Works_Badly` |", 1)]
    [InlineData("| x | `OtherTests.Unit_Works_Well` |", 1)]
    [InlineData("| x | `SomeTests.Mentioned_InAComment_Only` |", 1)]
    [InlineData("| x | `SomeClass.Member` and SomeTests.Nothing |", 0)]
    public void UnknownTests_AreFound(string text, int expected) => Assert.Equal(expected, TestTableRules.UnknownTests(
        new SourceFile("tests/README.md", text),
        [new SourceFile("tests/A/SomeTests.cs", "class SomeTests { public void Unit_Works_Well() { } /* void Mentioned_InAComment_Only() */ }")]).Count());

    [Theory]
    [InlineData("`some-api/one`, `some-api/two`", 0)]
    [InlineData("`some-api/one`", 1)]
    [InlineData("`some-api/one`, `some-api/two`, `some-api/three`, `text/plain`", 1)]
    public void Transcripts_MissingOrLeftOut_AreFound(string text, int expected) => Assert.Equal(expected, TestTableRules.Transcripts(
        new SourceFile($"{Folder}/README.md", text),
        [new SourceFile($"{Folder}/Fixtures/some-api/one.txt", ""), new SourceFile($"{Folder}/Fixtures/some-api/two.txt", ""), new SourceFile($"{Folder}/Elsewhere.txt", "")]).Count());

    [Fact]
    public void Tables_OfThisRepository_NameWhatExists()
    {
        var table = Repository.Files(Folder, ".md").Single();
        Assert.Empty(TestTableRules.UnknownTests(table, Repository.Files("tests", ".cs")));
        Assert.Empty(TestTableRules.Transcripts(table, Repository.Files(Folder, ".txt")));
    }
}
