using System.Security.Cryptography;
using Trinity.TestSupport.Processes;

namespace Trinity.TestSupport.Npm;

/// <summary>npm packages in the versions that a package-lock.json pins, installed once per lock file under artifacts/.</summary>
public sealed class NpmInstallation
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);
    private static readonly string Artifacts = new DirectoryInfo(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar)).Parent!.Parent!.Parent!.FullName; // artifacts/bin/PROJECT/CONFIGURATION

    private readonly string _name;
    private readonly string _sources;
    private readonly Lazy<Task<(string? Folder, string? Problem)>> _installed;

    /// <param name="name">Of the folder below artifacts/.</param>
    /// <param name="sources">The folder of package.json and package-lock.json, beside the test's program.</param>
    public NpmInstallation(string name, string sources)
    {
        _name = name;
        _sources = Path.Combine(AppContext.BaseDirectory, sources);
        _installed = new(InstallAsync);
    }

    public static bool HasNpm => Programs.Find("npm") is not null;

    /// <summary>The folder node_modules, or why there is none.</summary>
    public Task<(string? Folder, string? Problem)> FolderAsync() => _installed.Value;

    private async Task<(string? Folder, string? Problem)> InstallAsync()
    {
        if (Programs.Find("npm") is not { } npm)
        {
            return (null, "npm is not installed");
        }

        var pinned = SHA256.HashData(await File.ReadAllBytesAsync(Path.Combine(_sources, "package-lock.json"), Timeouts.Token));
        var target = Path.Combine(Artifacts, _name, Convert.ToHexStringLower(pinned)[..12]);
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        await using var turn = await TakeTurnAsync(target + ".lock");
        if (!Directory.Exists(target) && await InstallAsync(npm, target) is { } problem)
        {
            return (null, problem);
        }

        return (Path.Combine(target, "node_modules"), null);
    }

    private async Task<string?> InstallAsync(string npm, string target)
    {
        var folder = target + ".new";
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true); // of an installation that was cut short
        }

        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(_sources))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }

        // No scripts: we start what is in the packages ourselves.
        var program = new ChildProgram(npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--fetch-retries=1") { WorkingDirectory = folder, InheritsEnvironment = true };
        var result = await ChildProcess.RunAsync(program, Limit);
        if (result.ExitCode != 0)
        {
            return $"npm ci failed with {result.ExitCode}\n{result.Output}\n{result.Errors}";
        }

        Directory.Move(folder, target);
        return null;
    }

    /// <summary>Holds the file until disposed, so that test runs that start at once install once.</summary>
    private static async Task<FileStream> TakeTurnAsync(string path)
    {
        FileStream? taken = null;
        await Eventually.TrueAsync(() => (taken = TryTake(path)) is not null, "another test run finishes its installation", Limit);
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
}
