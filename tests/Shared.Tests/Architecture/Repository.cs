namespace Trinity.Shared.Tests.Architecture;

/// <summary>The checked-out repository that these tests were built from.</summary>
internal static class Repository
{
    /// <summary>What version control ignores, or is version control.</summary>
    private static readonly HashSet<string> Ignored = new(StringComparer.Ordinal) { ".git", ".trinity", ".vs", ".idea", "artifacts", "node_modules", "bin", "obj" };

    public static string Root { get; } = FindRoot();

    /// <summary>All files with one of the given extensions below <paramref name="folder"/> (none given: all files), as paths relative to the root.</summary>
    public static IReadOnlyList<SourceFile> Files(string folder, params string[] extensions)
    {
        var files = new List<SourceFile>();
        Collect(new DirectoryInfo(Path.Combine(Root, folder)), extensions, files);
        return files;
    }

    private static void Collect(DirectoryInfo directory, string[] extensions, List<SourceFile> files)
    {
        if (!directory.Exists)
        {
            return;
        }

        foreach (var entry in directory.EnumerateFileSystemInfos().Where(entry => !Ignored.Contains(entry.Name) && entry.LinkTarget is null))
        {
            if (entry is DirectoryInfo child)
            {
                Collect(child, extensions, files);
            }
            else if (extensions.Length == 0 || extensions.Contains(entry.Extension, StringComparer.Ordinal))
            {
                files.Add(new SourceFile(Path.GetRelativePath(Root, entry.FullName), File.ReadAllText(entry.FullName)));
            }
        }
    }

    private static string FindRoot()
    {
        var directory = new DirectoryInfo(AppContext.BaseDirectory);
        while (!File.Exists(Path.Combine(directory.FullName, "Trinity.sln")))
        {
            directory = directory.Parent ?? throw new InvalidOperationException("The tests do not run from inside the repository.");
        }

        return directory.FullName;
    }
}
