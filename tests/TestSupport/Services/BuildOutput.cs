namespace Trinity.TestSupport.Services;

/// <summary>Where the build has put things: artifacts/bin/PROJECT/CONFIGURATION.</summary>
public static class BuildOutput
{
    private static readonly DirectoryInfo Own = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    public static string Artifacts { get; } = Own.Parent!.Parent!.Parent!.FullName;

    /// <summary>A service's program, built in the configuration of these tests.</summary>
    public static string Service(string project) => Path.Combine(Artifacts, "bin", project, Own.Name, $"Trinity.{project}.dll");
}
