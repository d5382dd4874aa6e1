using System.Security.Cryptography;

namespace Trinity.EndToEnd.Tests.Cli;

/// <summary>The real command-line clients, in the versions that clients/package-lock.json pins, installed once per lock file under artifacts/.</summary>
internal static class CliInstallation
{
    private static readonly TimeSpan InstallLimit = TimeSpan.FromMinutes(5);
    private static readonly string Sources = Path.Combine(AppContext.BaseDirectory, "clients");
    private static readonly Lazy<Task<(string? Folder, string? Problem)>> Installed = new(InstallAsync);

    /// <summary>The folder node_modules. Without npm, or where it cannot install, the test is skipped; under CI the latter fails it.</summary>
    public static async Task<string> FolderAsync()
    {
        var (folder, problem) = await Installed.Value;
        if (folder is not null)
        {
            return folder;
        }

        var hasNpm = FindNpm() is not null;
        Assert.False(hasNpm && string.Equals(Environment.GetEnvironmentVariable("CI"), "true", StringComparison.Ordinal), problem);
        Assert.Skip(problem!);
        return "";
    }

    private static async Task<(string? Folder, string? Problem)> InstallAsync()
    {
        if (FindNpm() is not { } npm)
        {
            return (null, "The real Claude Code and Codex are not tried: npm is not installed.");
        }

        var pinned = SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(Sources, "package-lock.json"), Timeouts.Token));
        var target = Path.Combine(BuildOutput.Artifacts, "e2e-clients", Convert.ToHexStringLower(pinned)[..12]);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        await using var turn = await TakeTurnAsync(target + ".lock");
        if (!Directory.Exists(target) && await InstallAsync(npm, target) is { } problem)
        {
            return (null, problem);
        }

        return (Path.Combine(target, "node_modules"), null);
    }

    private static async Task<string?> InstallAsync(string npm, string target)
    {
        var folder = target + ".new";
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true); // of an installation that was cut short
        }

        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(Sources))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        // No scripts: what they would do is to put the platform's binary, which we start ourselves, into another place.
        var program = new ChildProgram(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--fetch-retries=1") { WorkingDirectory = folder, InheritsEnvironment = true };
        var result = await ChildProcess.RunAsync(program, InstallLimit);
        if (result.ExitCode != 0)
        {
            return $"The real Claude Code and Codex are not tried: npm ci failed with {result.ExitCode}.\n{result.Output}\n{result.Errors}";
        }

        Directory.Move(folder, target);
        return null;
    }

    /// <summary>Holds the file until disposed, so that test runs that start at once install once.</summary>
    private static async Task<FileStream> TakeTurnAsync(string path)
    {
        FileStream? taken = null;
        await Eventually.TrueAsync(() => (taken = TryTake(path)) is not null, "another test run finishes its installation", InstallLimit);
        return taken!;
    }

    private static FileStream? TryTake(string path)
    {
        try
        {
            return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return null; // another test run has it
        }
    }

    private static string? FindNpm() => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, "npm"))
        .FirstOrDefault(File.Exists);
}
