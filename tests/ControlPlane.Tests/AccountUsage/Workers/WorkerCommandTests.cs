using Trinity.ControlPlane.AccountUsage.Workers;

namespace Trinity.ControlPlane.Tests.AccountUsage.Workers;

public sealed class WorkerCommandTests
{
    [Fact]
    public void OfThisProgram_InAHostOfAnotherName_IsDotnetWithTheLibrary()
    {
        var command = WorkerCommand.OfThisProgram();

        Assert.Equal("dotnet", Path.GetFileName(command.FileName));
        Assert.Equal([typeof(WorkerCommand).Assembly.Location, "probe-worker"], command.Arguments);
    }

    [Theory]
    [InlineData("/opt/trinity/Trinity.ControlPlane", "/opt/trinity/Trinity.ControlPlane", "probe-worker")]
    [InlineData("/usr/bin/dotnet", "/usr/bin/dotnet", "library probe-worker")]
    [InlineData("/opt/testhost", "dotnet", "library probe-worker")]
    [InlineData(null, "dotnet", "library probe-worker")]
    public void Of_Program_IsHowItWasStarted(string? program, string fileName, string arguments)
    {
        var command = WorkerCommand.Of(program, "library");

        Assert.Equal((fileName, arguments), (command.FileName, string.Join(' ', command.Arguments)));
    }
}
