using System.Text;
using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

/// <summary>Homes whose files are damaged: always a sentence, never an exception, never anything of the file.</summary>
public sealed class HomeDamageTests
{
    public static TheoryData<string, string> Files => new()
    {
        { UsageChannels.Anthropic, ClaudeLogin.FileName },
        { UsageChannels.Codex, CodexLogin.FileName },
    };

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_FileEndsAnywhere_IsASentence(string channel, string name)
    {
        using var bench = new HomeBench();
        var good = Encoding.UTF8.GetBytes($$$"""{"claudeAiOauth": {"accessToken": "{{{Canaries.New("anthropic-oauth")}}}"}, "tokens": {"access_token": "{{{Canaries.New("codex-access")}}}", "account_id": "{{{Canaries.New("account")}}}"}}""");
        var path = bench.Write(name, "");
        for (var length = 0; length < good.Length; length++)
        {
            File.WriteAllBytes(path, good[..length]);

            Assert.Equal($"The file {name} of this home is not the JSON that it should be.", bench.Read(channel).Problem);
        }

        File.WriteAllBytes(path, good);
        Assert.NotNull(bench.Logins.Read(bench.Home, channel, HomeEnvironment.Read(bench.Home)).Credential);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_ValuesOfOtherTypes_AreNoToken(string channel, string name)
    {
        using var bench = new HomeBench();
        foreach (var value in new[] { "null", "1", "[]", "{}", "true", "\"\"", "\"two words\"", "\"line\\nbreak\"", "\"ü\"", $"\"{new string('a', 20_000)}\"" })
        {
            foreach (var text in new[] { value, $$"""{"claudeAiOauth": {{value}}, "tokens": {{value}}}""", $$$"""{"claudeAiOauth": {"accessToken": {{{value}}}}, "tokens": {"access_token": {{{value}}}}}""" })
            {
                bench.Write(name, text);

                Assert.Equal($"The file {name} of this home holds no token.", bench.Read(channel).Problem);
            }
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_FileIsHuge_IsNotRead(string channel, string name)
    {
        using var bench = new HomeBench();
        var good = """{"claudeAiOauth": {"accessToken": "token"}, "tokens": {"access_token": "token"}}""";
        bench.Write(name, good.PadRight(HomeFile.MaxBytes));
        Assert.NotNull(bench.Read(channel).Credential);

        bench.Write(name, good.PadRight(HomeFile.MaxBytes + 1));

        Assert.Equal($"The file {name} of this home is larger than 1 MiB.", bench.Read(channel).Problem);
        Assert.Equal([channel], bench.Logins.ChannelsOf(bench.Home));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_LinkLeadsToAFile_IsFollowed(string channel, string name)
    {
        using var bench = new HomeBench();
        var target = bench.Write("elsewhere.json", """{"claudeAiOauth": {"accessToken": "token"}, "tokens": {"access_token": "token"}}""");
        Link(bench, name, target);

        Assert.NotNull(bench.Read(channel).Credential);
        var version = bench.Logins.VersionOf(bench.Home);
        bench.Write("elsewhere.json", """{"claudeAiOauth": {"accessToken": "nekot"}, "tokens": {"access_token": "nekot"}}""");
        Assert.NotEqual(version, bench.Logins.VersionOf(bench.Home));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_LinkLeadsInACircle_IsASentence(string channel, string name)
    {
        using var bench = new HomeBench();
        var path = Path.Combine(bench.Home, name);
        Link(bench, name, path);

        Assert.Equal($"The file {name} of this home cannot be read.", bench.Read(channel).Problem);
        Assert.NotEmpty(bench.Logins.VersionOf(bench.Home));

        Directory.Delete(Path.GetDirectoryName(path)!, recursive: true);
        File.CreateSymbolicLink(Path.GetDirectoryName(path)!, Path.GetDirectoryName(path)!);
        Assert.NotNull(bench.Read(channel).Problem);
        Assert.NotEmpty(bench.Logins.VersionOf(bench.Home));
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_LinkLeadsNowhere_IsNoLogin(string channel, string name)
    {
        using var bench = new HomeBench();
        Link(bench, name, Path.Combine(bench.Home, "gone"));

        Assert.Contains("no login", bench.Read(channel).Problem, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_LinkLeadsToADevice_DoesNotWaitForIt(string channel, string name)
    {
        using var bench = new HomeBench();
        Link(bench, name, "/dev/zero");

        Assert.NotNull(bench.Read(channel).Problem);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_DirectoryInItsPlace_IsASentence(string channel, string name)
    {
        using var bench = new HomeBench();
        Directory.CreateDirectory(Path.Combine(bench.Home, name));

        Assert.Equal($"The file {name} of this home is a directory.", bench.Read(channel).Problem);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_FileInItsDirectorysPlace_IsNoLogin(string channel, string name)
    {
        using var bench = new HomeBench();
        bench.Write(name.Split('/')[0], "a file");

        Assert.NotNull(bench.Read(channel).Problem);
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_NoPermission_IsASentence(string channel, string name)
    {
        Assert.SkipWhen(Environment.IsPrivilegedProcess, "Root may read everything.");
        using var bench = new HomeBench();
        File.SetUnixFileMode(bench.Write(name, "{}"), UnixFileMode.None);

        Assert.Equal($"The file {name} of this home cannot be read.", bench.Read(channel).Problem);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a\0b")]
    [InlineData("/proc/self/mem/x")]
    public void Read_HomeIsNone_IsASentence(string home)
    {
        var logins = new HomeLogins(new ManualTimeProvider());

        Assert.NotNull(logins.Read(home, UsageChannels.Codex, HomeEnvironment.Read(home)).Problem);
        Assert.NotEmpty(logins.VersionOf(home));
        Assert.NotNull(logins.ChannelsOf(home));
    }

    private static void Link(HomeBench bench, string name, string target)
    {
        var path = Path.Combine(bench.Home, name);
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        File.CreateSymbolicLink(path, target);
    }
}
