using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

public sealed class HomeVersionTests
{
    private static readonly DateTime Then = new(2029, 1, 1, 0, 0, 0, DateTimeKind.Utc);

    public static TheoryData<string> Files => [ClaudeLogin.FileName, CodexLogin.FileName, HomeEnvironment.FileName];

    [Theory]
    [MemberData(nameof(Files))]
    public void VersionOf_FileChanges_IsAnother(string name)
    {
        using var bench = new HomeBench();
        List<string> versions = [bench.Logins.VersionOf(bench.Home)];

        var path = bench.Write(name, "");
        File.SetLastWriteTimeUtc(path, Then);
        versions.Add(bench.Logins.VersionOf(bench.Home)); // it is there, and empty
        bench.Write(name, "one");
        File.SetLastWriteTimeUtc(path, Then);
        versions.Add(bench.Logins.VersionOf(bench.Home)); // its size
        bench.Write(name, "two");
        File.SetLastWriteTimeUtc(path, Then);
        versions.Add(bench.Logins.VersionOf(bench.Home)); // its content alone
        File.SetLastWriteTimeUtc(path, Then.AddSeconds(1));
        versions.Add(bench.Logins.VersionOf(bench.Home)); // its time alone
        File.Delete(path);

        Assert.Equal(versions.Count, versions.Distinct().Count());
        Assert.Equal(versions[0], bench.Logins.VersionOf(bench.Home));
    }

    [Fact]
    public void VersionOf_NothingChanges_StaysTheSame()
    {
        using var bench = new HomeBench();
        bench.Write(ClaudeLogin.FileName, "one");
        bench.Write(HomeEnvironment.FileName, "A=1");
        var version = bench.Logins.VersionOf(bench.Home);

        bench.Write(".claude/history.jsonl", "what the CLI writes all the time");

        Assert.Equal(version, bench.Logins.VersionOf(bench.Home));
    }

    [Fact]
    public void VersionOf_ContentMovesToAnotherFile_IsAnother()
    {
        using var one = new HomeBench();
        using var two = new HomeBench();
        File.SetLastWriteTimeUtc(one.Write(ClaudeLogin.FileName, "{}"), Then);
        File.SetLastWriteTimeUtc(two.Write(CodexLogin.FileName, "{}"), Then);

        Assert.NotEqual(one.Logins.VersionOf(one.Home), two.Logins.VersionOf(two.Home));
    }
}
