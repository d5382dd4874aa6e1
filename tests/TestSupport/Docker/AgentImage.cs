using Trinity.TestSupport.Processes;
using Trinity.TestSupport.Services;

namespace Trinity.TestSupport.Docker;

/// <summary>The agents' image as <c>./trinity agent-image</c> builds it, in the engine of the tests. Minutes the first time, seconds afterwards.</summary>
public static class AgentImage
{
    public const string Current = "trinity-agent:tests"; // not the name that a user of the same engine has his under

    /// <summary>The one that does not take credentials while it runs.</summary>
    public const string Old = "trinity-agent:tests-old";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(15);

    /// <summary>Why it cannot be built here; null when it can.</summary>
    public static string? WhyImpossible() =>
        !Environment.IsPrivilegedProcess ? "making a base image needs root"
        : Array.Find(["docker", "mmdebstrap", "npm"], program => Programs.Find(program) is null) is { } missing ? $"'{missing}' is not installed"
        : null;

    /// <summary>Builds it, and the old one on the same base.</summary>
    public static async Task BuildAsync(DockerApi engine)
    {
        await RunAsync(engine, ["agent-image", "--tag", Current]);
        await RunAsync(engine, ["agent-image", "--tag", Old, "--old"]);
    }

    private static async Task RunAsync(DockerApi engine, string[] arguments)
    {
        var program = new ChildProgram(Path.Combine(Path.GetDirectoryName(BuildOutput.Artifacts)!, "trinity"), arguments)
        {
            InheritsEnvironment = true,
            Environment = new Dictionary<string, string>(StringComparer.Ordinal) { ["DOCKER_HOST"] = engine.Address },
        };
        (await ChildProcess.RunAsync(program, Limit)).Succeeded();
    }
}
