namespace Trinity.TestSupport.Processes;

/// <summary>Programs that this machine may have.</summary>
public static class Programs
{
    /// <summary>The program's path, if a folder of PATH has it.</summary>
    public static string? Find(string name) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
        .Select(folder => Path.Combine(folder, name))
        .FirstOrDefault(File.Exists);
}
