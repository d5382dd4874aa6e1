namespace Trinity.AgentServer.Runtimes;

/// <summary>The runtimes that there are.</summary>
internal static class RuntimeNames
{
    public const string ClaudeCode = "claude-code";
    public const string Codex = "codex";
    public const string Command = "command";

    public static IReadOnlyList<string> All { get; } = [ClaudeCode, Codex, Command];
}
