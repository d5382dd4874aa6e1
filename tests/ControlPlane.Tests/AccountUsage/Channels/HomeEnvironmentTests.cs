using Trinity.ControlPlane.AccountUsage.Channels;

namespace Trinity.ControlPlane.Tests.AccountUsage.Channels;

public sealed class HomeEnvironmentTests
{
    [Theory]
    [InlineData("KEY=value", "value")]
    [InlineData("KEY=", "")]
    [InlineData("  KEY = value  ", "value")]
    [InlineData("export KEY=value", "value")]
    [InlineData("export\tKEY=value", "value")]
    [InlineData("KEY=value\r\n", "value")]
    [InlineData("\uFEFFKEY=value", "value")]
    [InlineData("KEY=a=b==", "a=b==")]
    [InlineData("KEY=value # comment", "value")]
    [InlineData("KEY=val#ue", "val#ue")]
    [InlineData("KEY=# comment", "")]
    [InlineData("KEY=two words", "two words")]
    [InlineData("KEY='single # \"quoted\" \\n'", "single # \"quoted\" \\n")]
    [InlineData("KEY=\"double # 'quoted'\"", "double # 'quoted'")]
    [InlineData("KEY=\"a\\\"b\\\\c\\$d\\n\\te\\q\"", "a\"b\\c$d\n\te\\q")]
    [InlineData("KEY=\"value\" # comment", "value")]
    [InlineData("KEY=''", "")]
    [InlineData("KEY=\"\"", "")]
    [InlineData("KEY=$OTHER", "$OTHER")]
    [InlineData("KEY=first\nKEY=last", "last")]
    [InlineData("# KEY=comment\n\nKEY=value\nnot a line\n=x\n", "value")]
    [InlineData("KEY=good\nKEY='never closed", "good")]
    [InlineData("KEY=good\nKEY=\"never closed\\\"", "good")]
    [InlineData("KEY=good\nKEY='closed'too early", "good")]
    [InlineData("KEY=good\nKEY=\"closed\"#too early", "good")]
    [InlineData("KEY=good\nKEY=a\0b", "good")]
    public void Read_Line_IsAsShellsHaveIt(string text, string value)
    {
        using var bench = new HomeBench();
        bench.Write(HomeEnvironment.FileName, text);

        Assert.Equal([new KeyValuePair<string, string>("KEY", value)], HomeEnvironment.Read(bench.Home));
    }

    [Theory]
    [InlineData("KEY")]
    [InlineData("=value")]
    [InlineData("1KEY=value")]
    [InlineData("KEY-NAME=value")]
    [InlineData("TWO WORDS=value")]
    [InlineData("SCHLÜSSEL=value")]
    [InlineData("export =value")]
    [InlineData("")]
    public void Read_BadLine_IsLeftOut(string line)
    {
        using var bench = new HomeBench();
        bench.Write(HomeEnvironment.FileName, $"{line}\nGOOD=1");

        Assert.Equal(["GOOD"], HomeEnvironment.Read(bench.Home).Keys);
    }

    [Theory]
    [InlineData("PATH")]
    [InlineData("HOME")]
    [InlineData("LD_PRELOAD")]
    [InlineData("DOTNET_STARTUP_HOOKS")]
    [InlineData("dotnet_startup_hooks")]
    [InlineData("CORECLR_PROFILER")]
    [InlineData("SSL_CERT_FILE")]
    [InlineData("TRINITY_ENCRYPTION_KEYS")]
    public void Read_VariableThatSteersTheProcess_IsLeftOut(string name)
    {
        using var bench = new HomeBench();
        bench.Write(HomeEnvironment.FileName, $"{name}=x\nGOOD=1");

        Assert.Equal(["GOOD"], HomeEnvironment.Read(bench.Home).Keys);
    }

    [Fact]
    public void Read_FileEndsAnywhere_NeverThrows()
    {
        using var bench = new HomeBench();
        const string text = "export A=\"x\\\"y\" # z\nB='q' \r\nC = v # w\n# D=1\nE=\"\\";
        for (var length = 0; length <= text.Length; length++)
        {
            bench.Write(HomeEnvironment.FileName, text[..length]);

            Assert.All(HomeEnvironment.Read(bench.Home).Keys, name => Assert.Contains(name, "ABCE"));
        }
    }

    [Fact]
    public void Read_FileIsHuge_SetsNothing()
    {
        using var bench = new HomeBench();
        bench.Write(HomeEnvironment.FileName, "KEY=value\n".PadRight(HomeFile.MaxBytes, '#'));
        Assert.Single(HomeEnvironment.Read(bench.Home));

        bench.Write(HomeEnvironment.FileName, "KEY=value\n".PadRight(HomeFile.MaxBytes + 1, '#'));

        Assert.Empty(HomeEnvironment.Read(bench.Home));
    }

    [Fact]
    public void Read_NoFile_SetsNothing()
    {
        using var bench = new HomeBench();

        Assert.Empty(HomeEnvironment.Read(bench.Home));
        Directory.CreateDirectory(Path.Combine(bench.Home, HomeEnvironment.FileName));
        Assert.Empty(HomeEnvironment.Read(bench.Home));
    }
}
