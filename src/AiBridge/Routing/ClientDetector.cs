namespace Trinity.AiBridge.Routing;

/// <summary>Names the program that sent a request, from its User-Agent's beginning or a header of its own. A small closed set, fit for labels.</summary>
internal static class ClientDetector
{
    public const string ClaudeCode = "Claude Code";
    public const string Codex = "Codex";
    public const string Unknown = "Unknown";

    private static readonly (string Prefix, string Client)[] UserAgents =
    [
        ("mux/", "Mux"),
        ("claude", ClaudeCode),
        ("codex", Codex),
        ("zed/", "Zed"),
        ("githubcopilotchat/", "GitHub Copilot (VS Code)"),
        ("copilot/", "GitHub Copilot (CLI)"),
        ("kilo-code/", "Kilo Code"),
        ("roo-code/", "Roo Code"),
        ("coder-agents/", "Coder Agents"),
        ("charm crush/", "Charm Crush"),
        ("opencode/", "OpenCode"),
    ];

    public static string Detect(IHeaderDictionary headers)
    {
        var agent = headers.UserAgent.ToString();
        foreach (var (prefix, client) in UserAgents)
        {
            if (agent.StartsWith(prefix, StringComparison.OrdinalIgnoreCase))
            {
                return client;
            }
        }

        return headers["originator"].ToString() switch
        {
            "kilo-code" => "Kilo Code",
            "roo-code" => "Roo Code",
            { } originator when originator.StartsWith("codex", StringComparison.OrdinalIgnoreCase) => Codex,
            _ => headers.ContainsKey("x-cursor-client-version") ? "Cursor" : Unknown,
        };
    }
}
