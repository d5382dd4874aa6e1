using System.Text;
using Microsoft.AspNetCore.Http;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Tests.Routing;

public sealed class SessionDetectorTests
{
    [Theory]
    [InlineData("Claude Code", "X-Claude-Code-Session-Id")]
    [InlineData("Codex", "session-id")]
    [InlineData("Codex", "session_id")]
    [InlineData("Mux", "X-Mux-Workspace-Id")]
    [InlineData("GitHub Copilot (VS Code)", "x-interaction-id")]
    [InlineData("GitHub Copilot (CLI)", "X-Client-Session-Id")]
    [InlineData("Kilo Code", "X-KILOCODE-TASKID")]
    [InlineData("Coder Agents", "X-Coder-Chat-Id")]
    [InlineData("OpenCode", "X-OpenCode-Session")]
    [InlineData("OpenCode", "x-session-affinity")]
    public void Detect_HeaderOfTheClient_IsTheTrimmedSession(string client, string header)
    {
        Assert.Equal("s-1", SessionDetector.Detect(client, new HeaderDictionary { [header] = "  s-1 " }, default));
        Assert.Null(SessionDetector.Detect(client, new HeaderDictionary { [header] = "   " }, default));
        Assert.Null(SessionDetector.Detect("Unknown", new HeaderDictionary { [header] = "s-1" }, default));
    }

    [Theory]
    [InlineData("Codex", "session-id", "session_id")]
    [InlineData("OpenCode", "X-OpenCode-Session", "x-session-affinity")]
    public void Detect_NewerAndOlderHeader_NewerWins(string client, string newer, string older) =>
        Assert.Equal("new", SessionDetector.Detect(client, new HeaderDictionary { [older] = "old", [newer] = "new" }, default));

    [Theory]
    [InlineData("""{"metadata":{"user_id":"user_abc_account__session_5e1f"}}""", "5e1f")]
    [InlineData("""{"metadata": { "user_id" : "{\"device_id\":\"d\",\"session_id\":\" 5e1f \"}" } }""", "5e1f")]
    [InlineData("""{"metadata":{"user_id":"a_session_1_session_2"}}""", "2")]
    [InlineData("""{"metadata":{"user_id":"user_without"}}""", null)]
    [InlineData("""{"metadata":{"user_id":"{\"session_id\":5}"}}""", null)]
    [InlineData("""{"metadata":{"user_id":"{broken"}}""", null)]
    [InlineData("""{"metadata":{"user_id":7}}""", null)]
    [InlineData("""{"metadata":{"user_id":"\ud800_session_1"}}""", null)]
    [InlineData("""{"metadata":"user_session_1"}""", null)]
    [InlineData("""{"metadata":{"user_id":"a_session_""", null)]
    [InlineData("""{"messages":[{"content":"\"metadata\":{\"user_id\":\"x_session_1\"}"}]}""", null)]
    [InlineData("not json at all \"metadata\"", null)]
    [InlineData("", null)]
    public void Detect_BodyOfClaudeCode_IsReadForgivingly(string body, string? session)
    {
        Assert.Equal(session, SessionDetector.Detect("Claude Code", new HeaderDictionary(), Encoding.UTF8.GetBytes(body)));
        Assert.Null(SessionDetector.Detect("Zed", new HeaderDictionary(), Encoding.UTF8.GetBytes(body)));
    }

    [Theory]
    [InlineData("""{"metadata":{"user_id":"u_session_1"},"messages":[""", "]}", "1")]
    [InlineData("""{"messages":[""", """],"metadata":{"user_id":"u_session_2"}}""", "2")]
    [InlineData("""{"metadata":{"user_id":"u_session_1"},"messages":[""", """],"metadata":{"user_id":"u_session_2"}}""", "2")]
    [InlineData("""{"messages":[""", "]}", null)]
    public void Detect_LongConversation_IsFoundBeforeAndAfterIt(string before, string after, string? session)
    {
        var body = before + string.Join(',', Enumerable.Repeat("\"text\"", 20_000)) + after;

        Assert.Equal(session, SessionDetector.Detect("Claude Code", new HeaderDictionary(), Encoding.UTF8.GetBytes(body)));
    }

    [Fact]
    public void Detect_HeaderAndBody_HeaderWinsUnlessBlank()
    {
        var body = """{"metadata":{"user_id":"u_session_body"}}"""u8;

        Assert.Equal("head", SessionDetector.Detect("Claude Code", new HeaderDictionary { ["X-Claude-Code-Session-Id"] = "head" }, body));
        Assert.Equal("body", SessionDetector.Detect("Claude Code", new HeaderDictionary { ["X-Claude-Code-Session-Id"] = " " }, body));
    }

    [Fact]
    public void Detect_EndlessSession_IsCut() =>
        Assert.Equal(256, SessionDetector.Detect("Mux", new HeaderDictionary { ["X-Mux-Workspace-Id"] = new string('x', 10_000) }, default)!.Length);
}
