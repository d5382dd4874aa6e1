using Microsoft.Extensions.Options;
using Trinity.AgentServer.Credentials;
using Trinity.AgentServer.Runtimes;
using Trinity.Shared.AgentApi;
using Trinity.Shared.Secrets;

namespace Trinity.AgentServer.Tests.Runtimes;

/// <summary>T-33, AS-2, AS-3: how Claude Code is called, and what its output means.</summary>
public sealed class ClaudeCodeRuntimeTests
{
    private const string Init = """{"type":"system","subtype":"init","session_id":"s-1"}""";

    private static readonly CredentialSnapshot Token = new() { Generation = 1, Token = new SecretString("a-token"), VirtualKey = new SecretString("trk_1") };
    private static readonly ClaudeCodeRuntime Runtime = New();

    [Fact]
    public void Command_AllThatCanBeAsked_AreArgumentsThatCannotBeOptions()
    {
        var command = Runtime.Command(new TaskRequest { Prompt = "--help", SessionId = "s-1", Model = "opus", SystemPrompt = "--brief", AllowedTools = ["Read", "Bash"] }, Token);

        Assert.Equal(("claude", "--help"), (command.Program, command.Input));
        Assert.Equal(
            ["--print", "--output-format", "stream-json", "--verbose", "--dangerously-skip-permissions", "--resume=s-1", "--model=opus", "--allowedTools=Read,Bash", "--append-system-prompt=--brief"],
            command.Arguments);
        Assert.DoesNotContain("a-token", string.Join(' ', command.Arguments), StringComparison.Ordinal);
    }

    [Fact]
    public void Command_Plain_HasNoOtherArguments() => Assert.Equal(5, Runtime.Command(new TaskRequest { Prompt = "x" }, Token).Arguments.Count);

    [Theory]
    [InlineData("""{"type":"result","subtype":"success","is_error":false,"result":"hi","session_id":"s-1"}""", 0, TaskOutcome.Completed)]
    [InlineData("""{"type":"result","is_error":false,"result":"all about error 401 and rate limits","session_id":"s-1"}""", 0, TaskOutcome.Completed)]
    [InlineData("""{"type":"result","is_error":true,"api_error_status":429,"result":"API Error: limiting requests"}""", 1, TaskOutcome.RateLimited)]
    [InlineData("""{"type":"result","is_error":true,"result":"Claude AI usage limit reached|1700000000"}""", 1, TaskOutcome.RateLimited)]
    [InlineData("""{"type":"result","is_error":true,"result":"You've hit your session limit · resets 3pm"}""", 1, TaskOutcome.RateLimited)]
    [InlineData("""{"type":"result","is_error":true,"api_error_status":401,"result":"Failed to authenticate."}""", 1, TaskOutcome.AuthFailed)]
    [InlineData("""{"type":"result","is_error":true,"api_error_status":403,"result":"Forbidden"}""", 1, TaskOutcome.AuthFailed)]
    [InlineData("""{"type":"result","is_error":true,"result":"Invalid API key · Please run /login"}""", 1, TaskOutcome.AuthFailed)]
    [InlineData("""{"type":"result","is_error":true,"result":"Credit balance is too low"}""", 1, TaskOutcome.AuthFailed)]
    [InlineData("""{"type":"result","is_error":true,"api_error_status":404,"result":"There is an issue with the selected model"}""", 1, TaskOutcome.Error)]
    [InlineData("""{"type":"result","is_error":true,"api_error_status":529,"result":"Overloaded"}""", 1, TaskOutcome.Error)]
    [InlineData("""{"type":"result","is_error":true,"subtype":"error_max_turns"}""", 1, TaskOutcome.Error)]
    [InlineData("""{"type":"result","is_error":true,"api_error_status":401,"result":"The virtual key is not known here."}""", 1, TaskOutcome.Error)]
    [InlineData("""{"type":"result","is_error":true,"api_error_status":401,"result":"Failed to authenticate."}""", 137, TaskOutcome.Error)]
    [InlineData("""{"type":"result","is_error":false,"result":"hi"}""", 137, TaskOutcome.Error)]
    [InlineData("""{"type":"assistant","message":{"content":[{"type":"text","text":"401 unauthorized"}]}}""", 1, TaskOutcome.Error)]
    [InlineData("""{"type":"assistant"}""", 0, TaskOutcome.Error)]
    public void Conclude_Result_IsClassified(string result, int exitCode, TaskOutcome outcome)
    {
        var verdict = Conclude(exitCode, "", Init, "not json", "{\"cut", result);
        Assert.Equal((outcome, "s-1", outcome != TaskOutcome.Completed), (verdict.Outcome, verdict.SessionId, verdict.Error is not null));
    }

    [Theory]
    [InlineData("Invalid API key · Please run /login", 1, TaskOutcome.AuthFailed)]
    [InlineData("", 137, TaskOutcome.Error)]
    [InlineData("Not logged in", 143, TaskOutcome.Error)]
    [InlineData("Cannot find module", 1, TaskOutcome.Error)]
    public void Conclude_NoResult_StandardErrorDecidesUnlessASignalEndedIt(string errors, int exitCode, TaskOutcome outcome) =>
        Assert.Equal(outcome, Conclude(exitCode, errors).Outcome);

    [Fact]
    public void Conclude_VirtualKeyAlone_ItsRefusalIsTheCredentials()
    {
        var transcript = Runtime.Transcript(Token with { Token = null });
        transcript.Read("""{"type":"result","is_error":true,"api_error_status":401,"result":"The virtual key is not known here."}""");
        Assert.Equal(TaskOutcome.AuthFailed, transcript.Conclude(1, "").Outcome);
    }

    private static TaskVerdict Conclude(int exitCode, string errors, params string[] lines)
    {
        var transcript = Runtime.Transcript(Token);
        Array.ForEach(lines, transcript.Read);
        return transcript.Conclude(exitCode, errors);
    }

    private static ClaudeCodeRuntime New()
    {
        var options = Options.Create(new AgentServerOptions());
        return new ClaudeCodeRuntime(options, new ChildEnvironment(options));
    }
}
