using Trinity.TestSupport.Processes;

namespace Trinity.TestSupport.Services;

/// <summary>Where the build has put things: artifacts/bin/PROJECT/CONFIGURATION.</summary>
public static class BuildOutput
{
    private static readonly DirectoryInfo Own = new(AppContext.BaseDirectory.TrimEnd(Path.DirectorySeparatorChar));

    public static string Artifacts { get; } = Own.Parent!.Parent!.Parent!.FullName;

    /// <summary>A service's program, built in the configuration of these tests.</summary>
    public static string Service(string project) => Path.Combine(Artifacts, "bin", project, Own.Name, $"Trinity.{project}.dll");

    /// <summary>How to start a service: as it is shipped where <c>./trinity test</c> says what that is (<c>TRINITY_TEST_AIBRIDGE</c>), else as it was built with these tests.</summary>
    public static ChildProgram Program(string project, params IReadOnlyList<string> arguments)
    {
        var shipped = Environment.GetEnvironmentVariable($"TRINITY_TEST_{project.ToUpperInvariant()}");
        var program = string.IsNullOrEmpty(shipped) ? Service(project) : shipped;
        return program.EndsWith(".dll", StringComparison.Ordinal) ? new ChildProgram("dotnet", [program, .. arguments]) : new ChildProgram(program, arguments);
    }
}
