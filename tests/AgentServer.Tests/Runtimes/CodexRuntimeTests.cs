using Microsoft.Extensions.Options;
using Trinity.AgentServer.Credentials;
using Trinity.AgentServer.Runtimes;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Secrets;

namespace Trinity.AgentServer.Tests.Runtimes;

/// <summary>How Codex is called, and what its output means.</summary>
public sealed class CodexRuntimeTests
{
    private static readonly CredentialSnapshot Both = new() { Generation = 1, Token = new SecretString("sk-openai"), VirtualKey = new SecretString("trk_1"), BaseUrl = "http://bridge:8787/openai" };
    private static readonly CodexRuntime Runtime = New();

    [Fact]
    public void Command_SecretsAreInVariablesNotInArguments()
    {
        var command = Runtime.Command(new TaskRequest { Prompt = "hi", SystemPrompt = "be brief", SessionId = "t-1", Model = "gpt" }, Both);
        var arguments = string.Join(' ', command.Arguments);

        Assert.StartsWith("exec resume t-1 - --json", arguments, StringComparison.Ordinal);
        Assert.Contains("base_url=\"http://bridge:8787/openai/v1\"", arguments, StringComparison.Ordinal);
        Assert.Contains("env_http_headers={\"X-Trinity-Key\"=\"TRINITY_VIRTUAL_KEY\"}", arguments, StringComparison.Ordinal);
        Assert.DoesNotContain("sk-openai", arguments, StringComparison.Ordinal);
        Assert.DoesNotContain("trk_1", arguments, StringComparison.Ordinal);
        Assert.Equal(("be brief\n\nhi", "sk-openai", "trk_1"), (command.Input, command.Environment["CODEX_API_KEY"], command.Environment["TRINITY_VIRTUAL_KEY"]));
    }

    [Fact]
    public void Command_VirtualKeyAlone_IsTheKey()
    {
        var command = Runtime.Command(new TaskRequest { Prompt = "hi" }, Both with { Token = null });
        Assert.Equal("trk_1", command.Environment["CODEX_API_KEY"]);
        Assert.DoesNotContain("env_http_headers", string.Join(' ', command.Arguments), StringComparison.Ordinal);
    }

    [Fact]
    public void Command_TokenOfClaudes_IsNotGivenToAnotherVendor() => // T-18
        Assert.DoesNotContain("CODEX_API_KEY", Runtime.Command(new TaskRequest { Prompt = "hi" }, new CredentialSnapshot { Generation = 1, Token = new SecretString("sk-ant-oat01-x") }).Environment.Keys);

    [Fact]
    public void Refusal_ListOfTools_IsNotIgnored() => Assert.NotNull(Runtime.Refusal(new TaskRequest { Prompt = "x", AllowedTools = ["Read"] }));

    [Theory]
    [InlineData("""{"type":"turn.completed"}""", 0, TaskOutcome.Completed)]
    [InlineData("""{"type":"turn.failed","error":{"message":"exceeded retry limit, last status: 429 Too Many Requests"}}""", 1, TaskOutcome.RateLimited)]
    [InlineData("""{"type":"turn.failed","error":{"message":"You've hit your usage limit."}}""", 1, TaskOutcome.RateLimited)]
    [InlineData("""{"type":"turn.failed","error":{"message":"unexpected status 401 Unauthorized: no"}}""", 1, TaskOutcome.AuthFailed)]
    [InlineData("""{"type":"turn.failed","error":{"message":"unexpected status 401 Unauthorized: The virtual key is not known here."}}""", 1, TaskOutcome.Error)]
    [InlineData("""{"type":"turn.failed","error":{"message":"stream disconnected"}}""", 1, TaskOutcome.Error)]
    [InlineData("""{"type":"turn.failed","error":{"message":"401 Unauthorized"}}""", 137, TaskOutcome.Error)]
    [InlineData("""{"type":"item.started"}""", 0, TaskOutcome.Error)]
    public void Conclude_Events_AreClassified(string last, int exitCode, TaskOutcome outcome)
    {
        var transcript = Runtime.Transcript(Both);
        transcript.Read("""{"type":"thread.started","thread_id":"t-1"}""");
        transcript.Read("""{"type":"error","message":"Reconnecting... 1/5"}""");
        transcript.Read("""{"type":"item.completed","item":{"type":"agent_message","text":"about 429 and 401"}}""");
        transcript.Read(last);

        var verdict = transcript.Conclude(exitCode, "");

        Assert.Equal((outcome, "t-1", "about 429 and 401"), (verdict.Outcome, verdict.SessionId, verdict.Response));
    }

    private static CodexRuntime New()
    {
        var options = Options.Create(new AgentServerOptions());
        return new CodexRuntime(options, new ChildEnvironment(options));
    }
}
