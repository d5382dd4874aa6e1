using Microsoft.AspNetCore.Http;
using Trinity.AiBridge.Routing;

namespace Trinity.AiBridge.Tests.Routing;

public sealed class ClientDetectorTests
{
    [Theory]
    [InlineData("mux/1.0", "Mux")]
    [InlineData("claude-cli/2.1.86 (external, cli)", "Claude Code")]
    [InlineData("CLAUDE-CLI/2", "Claude Code")]
    [InlineData("codex_cli_rs/0.60.1 (Debian; x86_64)", "Codex")]
    [InlineData("codex_exec/0.1", "Codex")]
    [InlineData("Zed/0.200", "Zed")]
    [InlineData("GitHubCopilotChat/0.37", "GitHub Copilot (VS Code)")]
    [InlineData("copilot/1.0.0 (linux)", "GitHub Copilot (CLI)")]
    [InlineData("Kilo-Code/5", "Kilo Code")]
    [InlineData("roo-code/3", "Roo Code")]
    [InlineData("coder-agents/1", "Coder Agents")]
    [InlineData("Charm Crush/0.1", "Charm Crush")]
    [InlineData("opencode/1.2", "OpenCode")]
    [InlineData("ccclaude-cli/1", "Unknown")]
    [InlineData("Mozilla/5.0 claude", "Unknown")]
    [InlineData("", "Unknown")]
    public void Detect_UserAgent_ByItsBeginning(string userAgent, string client) =>
        Assert.Equal(client, ClientDetector.Detect(new HeaderDictionary { ["User-Agent"] = userAgent }));

    [Theory]
    [InlineData("originator", "kilo-code", "Kilo Code")]
    [InlineData("originator", "roo-code", "Roo Code")]
    [InlineData("originator", "codex_vscode", "Codex")]
    [InlineData("originator", "somebody", "Unknown")]
    [InlineData("x-cursor-client-version", "1.0", "Cursor")]
    public void Detect_OwnHeader_WhenTheUserAgentSaysNothing(string name, string value, string client) =>
        Assert.Equal(client, ClientDetector.Detect(new HeaderDictionary { ["User-Agent"] = "axios/1", [name] = value }));

    [Fact]
    public void Detect_UserAgentAndOwnHeader_UserAgentWins() =>
        Assert.Equal("Claude Code", ClientDetector.Detect(new HeaderDictionary { ["User-Agent"] = "claude-cli/1", ["originator"] = "kilo-code" }));
}
