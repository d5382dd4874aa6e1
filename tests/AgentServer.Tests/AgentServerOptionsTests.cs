using Microsoft.Extensions.Options;

namespace Trinity.AgentServer.Tests;

public sealed class AgentServerOptionsTests
{
    private const string Token = "agent-token-0123456789";

    [Theory]
    [InlineData("http://127.0.0.1:8090")]
    [InlineData("http://127.8.9.10:0")]
    [InlineData("http://localhost:8090")]
    [InlineData("http://[::1]:8090")]
    [InlineData("HTTP://127.0.0.1:8090/")]
    public void Loopback_NeedsNoToken(string listen) => Assert.Empty(Failures(listen, ""));

    [Theory]
    [InlineData("http://0.0.0.0:8090")]
    [InlineData("http://*:8090")]
    [InlineData("http://+:8090")]
    [InlineData("http://[::]:8090")]
    [InlineData("http://192.168.1.2:8090")]
    [InlineData("http://agent-1:8090")]
    [InlineData("http://127.0.0.1.example.com:8090")]
    public void OtherAddress_NeedsAToken(string listen)
    {
        Assert.Contains("TRINITY_AGENTSERVER__TOKEN", Assert.Single(Failures(listen, "")), StringComparison.Ordinal);
        Assert.Empty(Failures(listen, Token));
    }

    [Theory]
    [InlineData("")]
    [InlineData("127.0.0.1:8090")]
    [InlineData("https://127.0.0.1:8090")]
    [InlineData("ftp://127.0.0.1:8090")]
    [InlineData("http://127.0.0.1:8090;http://0.0.0.0:8091")]
    [InlineData("http://127.0.0.1:8090/base")]
    [InlineData("http://unix:/run/agent.sock")]
    public void NoHttpAddress_IsRefused(string listen) => Assert.Contains("http://host:port", Assert.Single(Failures(listen, Token)), StringComparison.Ordinal);

    [Theory]
    [InlineData("short")]
    [InlineData("with a space in the middle")]
    [InlineData("with-a-line-break\n")]
    public void Token_Unusable_IsRefusedWithoutQuotingIt(string token) =>
        Assert.DoesNotContain(token, Assert.Single(Failures("http://127.0.0.1:8090", token)), StringComparison.Ordinal);

    [Fact]
    public void Create_UnusableSettings_ThrowsBeforeItListens()
    {
        var error = Assert.Throws<OptionsValidationException>(() => AgentServerApp.Create(["--AgentServer:Listen=http://0.0.0.0:0"]));
        Assert.Contains("other machines can reach", Assert.Single(error.Failures), StringComparison.Ordinal);
    }

    [Fact]
    public void EveryWrongSetting_IsNamed()
    {
        var options = new AgentServerOptions
        {
            Runtime = "cobol",
            WorkingDirectory = "work",
            MaxParallelTasks = 0,
            FinishedTasks = 0,
            TaskTimeout = TimeSpan.Zero,
            CancelGrace = TimeSpan.FromHours(1),
            ShutdownDeadline = TimeSpan.FromSeconds(-1),
            CredentialFile = "credential",
            Credential = new InitialCredentialOptions { BaseUrl = "bridge", Generation = -1 },
        };
        options.Environment["ANTHROPIC_API_KEY"] = "x"; // HZ-12

        var failures = new AgentServerOptionsValidator().Validate(name: null, options).Failures!;

        Assert.Equal(
            ["Runtime", "WorkingDirectory", "Environment", "MaxParallelTasks", "FinishedTasks", "TaskTimeout", "CancelGrace", "ShutdownDeadline", "CredentialFile", "Credential:BaseUrl", "Credential:Generation"],
            failures.Select(failure => failure["AgentServer:".Length..].Split(' ')[0]));
    }

    [Theory]
    [InlineData("/home/agent/credential", 1)]
    [InlineData("/home/agent/../agent/.x/credential", 1)]
    [InlineData("/home/agent-2/credential", 0)]
    [InlineData("/var/lib/trinity/credential", 0)]
    public void CredentialFile_BelowTheHomeFolder_IsRefused(string path, int expected) // HR-10
    {
        var options = new AgentServerOptions { CredentialFile = path };
        options.Environment["HOME"] = "/home/agent/";
        Assert.Equal(expected, new AgentServerOptionsValidator().Validate(name: null, options).Failures?.Count() ?? 0);
    }

    [Fact]
    public void Command_WithoutAProgram_IsRefused() =>
        Assert.Contains("AgentServer:Program", Assert.Single(new AgentServerOptionsValidator().Validate(name: null, new AgentServerOptions { Runtime = "command" }).Failures!), StringComparison.Ordinal);

    private static IEnumerable<string> Failures(string listen, string token) =>
        new AgentServerOptionsValidator().Validate(name: null, new AgentServerOptions { Listen = listen, Token = token }).Failures ?? [];
}
