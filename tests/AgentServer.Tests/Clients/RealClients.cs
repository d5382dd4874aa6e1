using Trinity.AgentServer.Tests.Support;

namespace Trinity.AgentServer.Tests.Clients;

/// <summary>Agent servers that run the real Claude Code and the real Codex, in the versions that clients/package-lock.json pins.</summary>
internal static class RealClients
{
    private const string Nowhere = "http://127.0.0.1:9"; // discard: nobody listens

    private static readonly NpmInstallation Clients = new("e2e-clients", "clients");

    public static async Task<RunningAgentServer> ClaudeCodeAsync(AgentBench bench)
    {
        var program = Directory.EnumerateFiles(Path.Combine(await FolderAsync(), "@anthropic-ai"), "claude", SearchOption.AllDirectories).Single(); // of the one package for this platform
        return await bench.StartAsync("", settings:
        [
            "Runtime=claude-code",
            $"Program={program}",
            .. Environment(bench),
            "Environment:IS_SANDBOX=1", // lets it work for root, as tests may be
            "Environment:CLAUDE_CODE_MAX_RETRIES=0",
            "Environment:CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1",
            "Environment:DISABLE_TELEMETRY=1",
            "Environment:DISABLE_ERROR_REPORTING=1",
            "Environment:DISABLE_AUTOUPDATER=1",
        ]);
    }

    public static async Task<RunningAgentServer> CodexAsync(AgentBench bench)
    {
        var script = Path.Combine(await FolderAsync(), "@openai", "codex", "bin", "codex.js");
        Directory.CreateDirectory(Path.Combine(bench.Home, ".codex"));
        await File.WriteAllTextAsync(Path.Combine(bench.Home, ".codex", "config.toml"), "[analytics]\nenabled = false\n", Timeouts.Token);
        return await bench.StartAsync("", settings: ["Runtime=codex", "Program=node", $"Arguments:0={script}", .. Environment(bench)]);
    }

    private static string[] Environment(AgentBench bench) =>
    [
        $"WorkingDirectory={bench.Folder}",
        $"Environment:HTTP_PROXY={Nowhere}",
        $"Environment:HTTPS_PROXY={Nowhere}",
        $"Environment:ALL_PROXY={Nowhere}",
        "Environment:NO_PROXY=127.0.0.1",
    ];

    private static async Task<string> FolderAsync()
    {
        var (folder, problem) = await Clients.FolderAsync();
        if (folder is null)
        {
            Assert.Skip($"The real Claude Code and Codex are not tried: {problem}.");
        }

        return folder;
    }
}
