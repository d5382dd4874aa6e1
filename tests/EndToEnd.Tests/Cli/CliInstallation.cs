namespace Trinity.EndToEnd.Tests.Cli;

/// <summary>The real command-line clients, in the versions that clients/package-lock.json pins.</summary>
internal static class CliInstallation
{
    private static readonly NpmInstallation Clients = new("e2e-clients", "clients");

    /// <summary>The folder node_modules. Without npm, or where it cannot install, the test is skipped; under CI the latter fails it.</summary>
    public static async Task<string> FolderAsync()
    {
        var (folder, problem) = await Clients.FolderAsync();
        if (folder is not null)
        {
            return folder;
        }

        var told = $"The real Claude Code and Codex are not tried: {problem}.";
        Assert.False(NpmInstallation.HasNpm && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.Ordinal), told);
        Assert.Skip(told);
        return "";
    }
}
