using Trinity.Bench.Profile;

namespace Trinity.Bench.Tests;

public sealed class ProfileCommandTests : IDisposable
{
    private readonly string _trace = Path.GetTempFileName();
    private readonly StringWriter _output = new();
    private readonly StringWriter _errors = new();

    [Fact]
    public void Run_NoSuchTrace_SaysSoInOneLine()
    {
        var missing = _trace + ".nettrace";
        Assert.Equal(ProfileCommand.Failed, Run(missing, _trace + ".mibc"));
        Assert.Equal($"There is no trace '{missing}'.{Environment.NewLine}", _errors.ToString());
    }

    [Theory]
    [InlineData("")]
    [InlineData("what is this")]
    [InlineData("Nettrace\u0014\0\0\0!FastSerialization.1")]
    public void Run_DamagedTrace_SaysSoInOneLineAndWritesNothing(string content)
    {
        File.WriteAllText(_trace, content);
        Assert.Equal(ProfileCommand.Failed, Run(_trace, _trace + ".mibc"));
        Assert.StartsWith($"'{_trace}' is no trace, or is damaged: ", _errors.ToString(), StringComparison.Ordinal);
        Assert.Equal(1, _errors.ToString().Count(character => character == '\n'));
        Assert.False(File.Exists(_trace + ".mibc"));
    }

    [Theory]
    [InlineData]
    [InlineData("one.nettrace")]
    [InlineData("one.nettrace", "two.mibc", "three")]
    [InlineData("--fast", "two.mibc")]
    public void Run_OtherArguments_SaysTheUsage(params string[] arguments)
    {
        Assert.Equal(ProfileCommand.BadUsage, Run(arguments));
        Assert.Contains("TRACE OUTPUT.mibc", _errors.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Run_Help_SaysTheUsage()
    {
        Assert.Equal(ProfileCommand.Done, Run("--help"));
        Assert.Contains("TRACE OUTPUT.mibc", _output.ToString(), StringComparison.Ordinal);
        Assert.Empty(_errors.ToString());
    }

    public void Dispose()
    {
        File.Delete(_trace);
        _output.Dispose();
        _errors.Dispose();
    }

    private int Run(params string[] arguments) => ProfileCommand.Run(arguments, _output, _errors);
}
