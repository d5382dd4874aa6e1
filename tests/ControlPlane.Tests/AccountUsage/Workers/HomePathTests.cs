using Trinity.ControlPlane.AccountUsage.Workers;
using Trinity.ControlPlane.Tests.Hosting;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

/// <summary>G-7: one name for each home.</summary>
public sealed class HomePathTests : IDisposable
{
    private readonly TemporaryDirectory _folder = new();

    public HomePathTests()
    {
        Directory.CreateDirectory(_folder.File("real/home"));
        Directory.CreateDirectory(_folder.File("away"));
        File.CreateSymbolicLink(_folder.File("absolute"), _folder.File("real/home"));
        File.CreateSymbolicLink(_folder.File("relative"), "real/home");
        File.CreateSymbolicLink(_folder.File("away/up"), "../real");
        File.CreateSymbolicLink(_folder.File("twice"), "away/up/home");
        File.CreateSymbolicLink(_folder.File("dangling"), "real/missing");
        File.CreateSymbolicLink(_folder.File("loop"), "loop");
    }

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData("real/home", "real/home")]
    [InlineData("real/home/", "real/home")]
    [InlineData("real//./home/.", "real/home")]
    [InlineData("real/home/../home", "real/home")]
    [InlineData("absolute", "real/home")]
    [InlineData("relative/", "real/home")]
    [InlineData("away/up/home", "real/home")]
    [InlineData("twice", "real/home")]
    [InlineData("twice/..", "real")] // of what it leads to, not of where it is
    [InlineData("dangling", "real/missing")]
    [InlineData("missing/folder/", "missing/folder")]
    public void Normalise_AnySpelling_IsTheRealPath(string written, string expected) =>
        Assert.Equal(HomePath.Normalise(_folder.File(expected)), HomePath.Normalise(_folder.FullName + "/" + written));

    [Fact]
    public void Normalise_Relative_IsFromTheWorkingDirectory() =>
        Assert.Equal(HomePath.Normalise(_folder.File("real/home")), HomePath.Normalise(Path.GetRelativePath(Environment.CurrentDirectory, _folder.File("relative"))));

    [Fact]
    public void Normalise_LoopOrRoot_Ends()
    {
        Assert.EndsWith("/loop", HomePath.Normalise(_folder.File("loop")), StringComparison.Ordinal);
        Assert.Equal("/", HomePath.Normalise("/../.."));
    }
}
